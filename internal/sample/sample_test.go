package sample_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/sample"
)

// contractRules are the rules of the contract that a row can break by itself.
var contractRules = []string{
	"injury/checkpoints", "injury/confidence-band", "injury/escalation-triggers", "injury/medication", "injury/probability-sum",
	"injury/reasoning-steps", "injury/red-flag-referral", "injury/severity-vocabulary", "injury/soreness-is-not-injury", "json/invalid",
	"json/schema", "privacy/contact", "running/heat-direction", "running/pace-arithmetic", "running/unit-conversion", "structure/empty",
	"structure/no-assistant", "structure/roles", "text/control-character", "text/placeholder", "text/refusal", "text/special-token",
	"tokens/too-long", "voice/dangling-reference", "voice/rir-rpe", "voice/stretch-load", "voice/unsupported-number",
}

var allCategories = []string{"voice_parsing", "knowledge_base", "injury_analysis", "ai_coach", "running_cardio"}

func TestWriteIsDeterministic(t *testing.T) {
	t.Parallel()
	const (
		wantRows  = "35f7a38766be47b0eb6e5b2c205cc9390540f7de6446a4d6aa7f1847dcf50a8a"
		wantTruth = "2af2ca88e76d47ab55429ace60fc5ba99ed4a971da83bb14c44b09a7e3341f75"
	)
	for _, workers := range []int{1, 2, 7} {
		var rows, truth bytes.Buffer
		_, err := sample.Write(t.Context(), &rows, &truth, sample.Options{Rows: 2000, Seed: 1, Defects: 0.1, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(rows.Bytes()); got != wantRows {
			t.Errorf("rows with %d workers have SHA-256 %s, want %s (a change of the sample is a change of every test that feeds on it)", workers, got, wantRows)
		}
		if got := digest(truth.Bytes()); got != wantTruth {
			t.Errorf("truth with %d workers has SHA-256 %s, want %s", workers, got, wantTruth)
		}
	}
	var other bytes.Buffer
	if _, err := sample.Write(t.Context(), &other, io.Discard, sample.Options{Rows: 2000, Seed: 2, Defects: 0.1}); err != nil {
		t.Fatal(err)
	}
	if digest(other.Bytes()) == wantRows {
		t.Error("another seed gives the same rows")
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestSummaryAndHeader(t *testing.T) {
	t.Parallel()
	lines, head, sum := generate(t, sample.Options{Rows: 3000, Seed: 5, Defects: 0.1})
	if diff := cmp.Diff(told{Kind: "header", Version: 1, Rows: 3000, Seed: 5, Defects: 0.1, Categories: allCategories}, head); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	want := sample.Summary{Rows: len(lines), Bytes: sum.Bytes, ByCategory: map[string]int{}, ByKind: map[string]int{}, ByRule: map[string]int{}}
	for _, l := range lines {
		want.ByCategory[l.Category]++
		want.ByKind[l.kind()]++
		for _, x := range l.truth {
			if x.Kind == "violation" {
				want.ByRule[x.Rule]++
			}
		}
	}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("Summary (-recounted +returned):\n%s", diff)
	}
	if planted := 3000 - sum.ByKind["clean"]; planted < 290 || planted > 300 {
		t.Errorf("%d rows are planted, want 300 or a few less", planted)
	}
	for _, k := range []string{"exact_duplicate", "near_duplicate", "variant", "contradiction", "violation"} {
		if sum.ByKind[k] < 10 {
			t.Errorf("%d rows are %s, want some of each kind", sum.ByKind[k], k)
		}
	}
	if share := float64(sum.ByCategory["voice_parsing"]) / 3000; share < 0.5 || share > 0.6 {
		t.Errorf("%.2f of the rows are voice commands, want about 0.55", share)
	}
	var broken []string
	for r := range sum.ByRule {
		broken = append(broken, r)
	}
	slices.Sort(broken)
	if diff := cmp.Diff(contractRules, broken); diff != "" {
		t.Errorf("rules broken (-contract +got):\n%s", diff)
	}
	subs := map[string]bool{}
	for _, l := range lines {
		subs[l.Category+"/"+l.Subcategory] = true
	}
	if len(subs) != 9+6+9+5+7 {
		t.Errorf("%d subcategories occur, want all 36", len(subs))
	}
}

// TestVerdicts holds every row against checks that were written apart from the
// generator: a clean row violates nothing, a planted one exactly what the
// truth says.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	lines, _, _ := generate(t, sample.Options{Rows: 15_000, Seed: 11, Defects: 0.2})
	seen := map[string]int{}
	wrong := 0
	for i, l := range lines {
		var want []string
		for _, x := range l.truth {
			if x.Kind == "violation" {
				want = append(want, x.Rule)
				seen[x.Rule]++
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, j.verdict(l)); diff != "" {
			if wrong++; wrong <= 10 {
				t.Errorf("line %d, %s, %s/%s (-truth +judged):\n%s%.3000s", i+1, l.kind(), l.Category, l.Subcategory, diff, l.raw)
			}
		}
	}
	if wrong > 10 {
		t.Errorf("and %d more", wrong-10)
	}
	for _, r := range contractRules {
		if seen[r] == 0 {
			t.Errorf("%s is planted %d times in 15,000 rows, want more", r, seen[r])
		}
	}
}

// TestPaths resolves every path of the truth in its row.
func TestPaths(t *testing.T) {
	t.Parallel()
	lines, _, _ := generate(t, sample.Options{Rows: 5000, Seed: 3, Defects: 0.3})
	for i, l := range lines {
		for _, x := range l.truth {
			if x.Kind != "violation" {
				continue
			}
			var doc any
			if err := json.Unmarshal([]byte(l.raw), &doc); err != nil {
				t.Fatal(err)
			}
			steps := strings.Split(x.Path, "/")[1:]
			for n, step := range steps {
				if s, ok := doc.(string); ok { // into the answer's own JSON
					doc = nil
					if err := json.Unmarshal([]byte(s), &doc); err != nil {
						t.Fatalf("line %d: %s goes into an answer that is no JSON", i+1, x.Path)
					}
				}
				found := false
				switch d := doc.(type) {
				case map[string]any:
					doc, found = d[step]
				case []any:
					var k int
					if err := json.Unmarshal([]byte(step), &k); err == nil && k < len(d) {
						doc, found = d[k], true
					}
				}
				if !found {
					t.Fatalf("line %d: %s of %s does not exist (step %d)", i+1, x.Path, x.Rule, n)
				}
			}
		}
	}
}

func TestPlantedCopies(t *testing.T) {
	t.Parallel()
	lines, _, _ := generate(t, sample.Options{Rows: 12_000, Seed: 21, Defects: 0.2})
	borrowed := map[int]bool{}
	hows := map[string]int{}
	for i, l := range lines {
		if k := l.kind(); k == "clean" || k == "violation" {
			continue
		}
		x := l.truth[0]
		o := lines[x.Of-1]
		hows[x.Kind+" "+x.How]++
		if len(l.truth) != 1 || o.kind() != "clean" || borrowed[x.Of] || o.Category != l.Category || o.Subcategory != l.Subcategory {
			t.Fatalf("line %d is a copy of %d, which is itself planted, copied twice or elsewhere", i+1, x.Of)
		}
		borrowed[x.Of] = true
		plain, now := form(o.asked()), form(l.asked())
		switch x.Kind {
		case "exact_duplicate":
			if !cmp.Equal(o.Messages, l.Messages) || (o.raw == l.raw) != (x.How == "bytes") {
				t.Errorf("line %d is no exact duplicate of %d (%s)", i+1, x.Of, x.How)
			}
		case "near_duplicate":
			if cmp.Equal(o.Messages, l.Messages) {
				t.Errorf("line %d equals %d and is called a near duplicate", i+1, x.Of)
			}
			if !slices.Equal(figures(plain), figures(now)) {
				t.Errorf("line %d has other numbers than %d: %q, %q", i+1, x.Of, o.asked(), l.asked())
			}
			like := alike(grams(plain), grams(now))
			if len(strings.Fields(plain)) >= 20 {
				like = alike(runs(plain), runs(now))
			}
			if like < 0.85 {
				t.Errorf("line %d is %.2f like %d (%s): %q, %q", i+1, like, x.Of, x.How, o.asked(), l.asked())
			}
		case "variant":
			a, b := strings.Fields(o.asked()), strings.Fields(l.asked())
			differ := 0
			for k := range min(len(a), len(b)) {
				if a[k] != b[k] {
					differ++
					if !isNumber(a[k]) || !isNumber(b[k]) {
						t.Errorf("line %d differs from %d in %q, %q", i+1, x.Of, a[k], b[k])
					}
				}
			}
			if len(a) != len(b) || differ != 1 {
				t.Errorf("line %d differs from %d in %d numbers: %q, %q", i+1, x.Of, differ, o.asked(), l.asked())
			}
		case "contradiction":
			if o.asked() != l.asked() {
				t.Errorf("line %d answers another question than %d", i+1, x.Of)
			}
			// A parsed set differs in the exercise alone, which is all that counts.
			if like := alike(runs(form(o.answer())), runs(form(l.answer()))); like == 1 || like > 0.6 && l.Category != "voice_parsing" {
				t.Errorf("the answer of line %d is nearly that of %d:\n%s\n%s", i+1, x.Of, o.answer(), l.answer())
			}
		}
	}
	for _, h := range []string{
		"exact_duplicate bytes", "exact_duplicate spelling", "near_duplicate case", "near_duplicate punctuation", "near_duplicate filler",
		"near_duplicate typo", "near_duplicate abbreviation", "near_duplicate word", "near_duplicate sentence", "variant number", "contradiction answer",
	} {
		if hows[h] == 0 {
			t.Errorf("nothing is planted as %s (%v)", h, hows)
		}
	}
}

func isNumber(s string) bool {
	s = strings.Trim(strings.ToLower(s), ".,:")
	if _, word := spoken[s]; word {
		return true
	}
	s = strings.TrimSuffix(s, "s") // "the 50s"
	return s != "" && strings.IndexFunc(s, func(c rune) bool { return !unicode.IsDigit(c) && c != '.' && c != ':' }) < 0
}

// TestNoAccidentalTwins compares all rows that are not declared to be copies:
// no two are equal in normal form, and no two short ones with the same numbers
// are alike by trigrams.
func TestNoAccidentalTwins(t *testing.T) {
	t.Parallel()
	lines, _, _ := generate(t, sample.Options{Rows: 50_000, Seed: 31, Defects: 0.1})
	type one struct {
		line  int
		grams map[string]bool
	}
	texts := map[string]int{}
	groups := map[string][]one{}
	for i, l := range lines {
		if k := l.kind(); k != "clean" && k != "violation" {
			continue
		}
		f := form(l.asked())
		if twin, ok := texts[f]; ok {
			t.Errorf("lines %d and %d say the same: %q", twin, i+1, f)
		}
		texts[f] = i + 1
		if len(f) > 400 {
			continue
		}
		key := strings.Join(figures(f), " ")
		g := grams(f)
		for _, o := range groups[key] {
			if like := alike(o.grams, g); like >= 0.8 {
				t.Errorf("lines %d and %d are %.2f alike: %q, %q", o.line, i+1, like, lines[o.line-1].asked(), l.asked())
			}
		}
		groups[key] = append(groups[key], one{i + 1, g})
	}
}

// TestLongRowsKeepApart compares whole conversations within a subcategory by
// runs of five words.
func TestLongRowsKeepApart(t *testing.T) {
	t.Parallel()
	lines, _, _ := generate(t, sample.Options{
		Rows: 4000, Seed: 41, Categories: []string{"injury_analysis", "ai_coach", "knowledge_base", "running_cardio"},
	})
	type one struct{ asked, all []int } // sorted numbers of the runs of words
	numbered := map[string]int{}
	sorted := func(s string) []int {
		var out []int
		for k := range runs(form(s)) {
			if _, ok := numbered[k]; !ok {
				numbered[k] = len(numbered)
			}
			out = append(out, numbered[k])
		}
		slices.Sort(out)
		return out
	}
	like := func(a, b []int) float64 {
		both := 0
		for i, k := 0, 0; i < len(a) && k < len(b); {
			switch {
			case a[i] < b[k]:
				i++
			case a[i] > b[k]:
				k++
			default:
				both, i, k = both+1, i+1, k+1
			}
		}
		return float64(both) / float64(len(a)+len(b)-both)
	}
	groups := map[string][]one{}
	most, pairs := 0.0, 0
	for i, l := range lines {
		var all string
		for _, m := range l.Messages[1:] {
			all += m.Content + "\n"
		}
		if len(strings.Fields(all)) < 40 {
			continue
		}
		now := one{sorted(l.asked()), sorted(all)}
		for _, o := range groups[l.Subcategory] {
			pairs++
			got := max(like(o.asked, now.asked), like(o.all, now.all))
			if most = max(most, got); got >= 0.8 {
				t.Errorf("line %d is %.2f like an earlier one: %s", i+1, got, l.raw)
			}
		}
		groups[l.Subcategory] = append(groups[l.Subcategory], now)
	}
	t.Logf("most alike of %d pairs: %.2f", pairs, most)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	lines, _, sum := generate(t, sample.Demo(1))
	planted := sum.Rows - sum.ByKind["clean"]
	if len(lines) != 300 || planted < 20 || planted > 24 || len(sum.ByCategory) != 5 {
		t.Errorf("the demo has %d rows, %d planted, %d categories; want 300, about 24, 5", len(lines), planted, len(sum.ByCategory))
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	for _, c := range allCategories {
		lines, _, sum := generate(t, sample.Options{Rows: 400, Seed: 9, Defects: 0.3, Categories: []string{c}})
		if sum.ByCategory[c] != len(lines) || sum.ByKind["violation"] == 0 || sum.ByKind["near_duplicate"] == 0 {
			t.Errorf("with %s alone: %v, %v; want that category only, with planted rows", c, sum.ByCategory, sum.ByKind)
		}
	}
	var a, b bytes.Buffer
	for buf, order := range map[*bytes.Buffer][]string{&a: {"ai_coach", "voice_parsing"}, &b: {"voice_parsing", "ai_coach"}} {
		if _, err := sample.Write(t.Context(), buf, io.Discard, sample.Options{Rows: 100, Categories: order}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the order in which categories are named changes the rows")
	}
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		opts  sample.Options
		field string
	}{
		{"no rows", sample.Options{}, "rows"},
		{"too many rows", sample.Options{Rows: sample.MaxRows + 1}, "rows"},
		{"negative share", sample.Options{Rows: 1, Defects: -0.1}, "defects"},
		{"share over half", sample.Options{Rows: 1, Defects: 0.6}, "defects"},
		{"unknown category", sample.Options{Rows: 1, Categories: []string{"voice_parsing", "yoga"}}, "categories"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			_, err := sample.Write(t.Context(), &out, io.Discard, tt.opts)
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Invalid || f.Fields[tt.field] == "" || out.Len() > 0 {
				t.Errorf("Write(%+v) = %v after %d bytes, want an invalid %s and nothing written", tt.opts, err, out.Len(), tt.field)
			}
		})
	}
}

func TestOneRow(t *testing.T) {
	t.Parallel()
	for _, defects := range []float64{0, 0.5} {
		lines, _, _ := generate(t, sample.Options{Rows: 1, Seed: 77, Defects: defects})
		if len(lines) != 1 {
			t.Errorf("%d rows with %v defects, want 1", len(lines), defects)
		}
	}
}

var errFull = errors.New("disk full")

// full fails after some bytes, like a disk.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteStops(t *testing.T) {
	t.Parallel()
	opts := sample.Options{Rows: 20_000, Seed: 1, Defects: 0.1}
	if _, err := sample.Write(t.Context(), &full{5 << 20}, io.Discard, opts); !errors.Is(err, errFull) {
		t.Errorf("Write to a full disk = %v, want %v", err, errFull)
	}
	if _, err := sample.Write(t.Context(), io.Discard, &full{1 << 10}, opts); !errors.Is(err, errFull) {
		t.Errorf("Write with the truth on a full disk = %v, want %v", err, errFull)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sample.Write(ctx, io.Discard, io.Discard, opts); !errors.Is(err, context.Canceled) {
		t.Errorf("Write after cancel = %v, want %v", err, context.Canceled)
	}
}

func BenchmarkWrite(b *testing.B) {
	const rows = 20_000
	var size int64
	for b.Loop() {
		sum, err := sample.Write(b.Context(), io.Discard, io.Discard, sample.Options{Rows: rows, Seed: 1, Defects: 0.1})
		if err != nil {
			b.Fatal(err)
		}
		size = sum.Bytes
	}
	b.SetBytes(size)
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// form is a normal form of its own: lower case, letters and digits only.
func form(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "'", ""))
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), " ")
}

// figures are the numbers of a normal form, spelled ones in digits, sorted.
func figures(s string) []string {
	var out []string
	for _, w := range strings.Fields(s) {
		if f, ok := spoken[w]; ok {
			w = jsonOf(f)
		}
		out = append(out, strings.FieldsFunc(w, func(c rune) bool { return !unicode.IsDigit(c) })...)
	}
	slices.Sort(out)
	return out
}

func jsonOf(f float64) string {
	b, _ := json.Marshal(f)
	return string(b)
}

func grams(s string) map[string]bool {
	m := map[string]bool{}
	for i := 0; i+3 <= len(s); i++ {
		m[s[i:i+3]] = true
	}
	return m
}

func runs(s string) map[string]bool {
	w := strings.Fields(s)
	m := map[string]bool{}
	for i := 0; i+5 <= len(w); i++ {
		m[strings.Join(w[i:i+5], " ")] = true
	}
	if len(w) < 5 {
		m[s] = true
	}
	return m
}

func alike(a, b map[string]bool) float64 {
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
