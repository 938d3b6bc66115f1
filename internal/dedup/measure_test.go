package dedup_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/sample"
)

type pair struct{ a, b int } // line numbers, a < b

// planted is a sample with its truth.
type planted struct {
	texts []*dedup.Text // by line - 1
	raw   []string
	truth map[pair]string // kind of what is planted
	how   map[pair]string
	exact map[int]bool // lines that are byte-equal copies
}

// plantedSample generates rows of sample data and reads them back.
func plantedSample(t testing.TB, rows int, seed int64) planted {
	t.Helper()
	var data, truth bytes.Buffer
	if _, err := sample.Write(t.Context(), &data, &truth, sample.Options{Rows: rows, Seed: seed, Defects: 0.2}); err != nil {
		t.Fatal(err)
	}
	p := planted{truth: map[pair]string{}, how: map[pair]string{}, exact: map[int]bool{}}
	for line := range bytes.Lines(data.Bytes()) {
		var row struct {
			Messages json.RawMessage
			Category string
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		messages, err := example.ParseMessages(row.Messages)
		if err != nil {
			t.Fatal(err)
		}
		p.texts = append(p.texts, dedup.NewText(row.Category, messages))
		p.raw = append(p.raw, string(line))
	}
	for in := bufio.NewScanner(&truth); in.Scan(); {
		var x struct {
			Kind, How string
			Line, Of  int
		}
		if err := json.Unmarshal(in.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		switch x.Kind {
		case "exact_duplicate":
			p.exact[x.Line] = true
			fallthrough
		case "near_duplicate", "variant", "contradiction":
			p.truth[pair{x.Of, x.Line}], p.how[pair{x.Of, x.Line}] = x.Kind, x.How
		}
	}
	return p
}

// funnel finds what is related among texts by their keys, as Scan does.
func funnel(texts []*dedup.Text) (found map[pair]dedup.Relation, compared int) {
	found = map[pair]dedup.Relation{}
	signer := dedup.NewSigner(uuid.Nil)
	buckets := map[uint64][]int{}
	for i, text := range texts {
		seen := map[int]bool{}
		pairs := 0
		keys := signer.Sign(text)
		for _, k := range keys {
			bucket := buckets[k.Hash]
			limit := dedup.Reach
			if k.Template {
				limit = 1
			}
			for _, j := range bucket[:min(limit, len(bucket))] {
				if seen[j] || pairs == dedup.Enough {
					continue
				}
				seen[j] = true
				compared++
				if r, ok := dedup.Compare(texts[j], text); ok {
					found[pair{j + 1, i + 1}] = r
					pairs++
				}
			}
		}
		for _, k := range keys {
			if bucket := buckets[k.Hash]; len(bucket) < dedup.Reach {
				buckets[k.Hash] = append(bucket, i)
			}
		}
	}
	return found, compared
}

// score is recall and precision of duplicates against what was planted.
type score struct {
	planted, found, right           int
	contradictions, contradictionOK int
	variants, variantsOK            int
	numberChanged                   int // variants that were called duplicates
	missed, wrong                   []string
}

func judge(p planted, found map[pair]dedup.Relation) score {
	var s score
	for at, kind := range p.truth {
		r, ok := found[at]
		duplicate := ok && (r.Kind == dedup.Equal || r.Kind == dedup.Near)
		switch kind {
		case "exact_duplicate", "near_duplicate":
			s.planted++
			if duplicate {
				s.right++
			} else {
				s.missed = append(s.missed, fmt.Sprintf("%v %s %s: found as %q %v\n%s%s", at, kind, p.how[at], r.Kind, r.Fields, p.raw[at.a-1], p.raw[at.b-1]))
			}
		case "variant":
			s.variants++
			if duplicate {
				s.numberChanged++
			}
			if ok && r.Kind == dedup.Variant {
				s.variantsOK++
			}
		case "contradiction":
			s.contradictions++
			if ok && r.Kind == dedup.Contradiction {
				s.contradictionOK++
			} else {
				s.missed = append(s.missed, fmt.Sprintf("%v %s: found as %q\n%s%s", at, kind, r.Kind, p.raw[at.a-1], p.raw[at.b-1]))
			}
		}
	}
	for at, r := range found {
		if r.Kind == dedup.Variant {
			continue
		}
		kind := p.truth[at]
		if r.Kind != dedup.Contradiction {
			s.found++
		}
		if kind == "" || r.Kind == dedup.Contradiction && kind != "contradiction" {
			s.wrong = append(s.wrong, fmt.Sprintf("%v %s %.2f %v planted %q\n%s%s", at, r.Kind, r.Similarity, r.Fields, kind, p.raw[at.a-1], p.raw[at.b-1]))
		}
	}
	slices.Sort(s.missed)
	slices.Sort(s.wrong)
	return s
}

// Recall and precision against what was planted. The figures of docs/duplicates.md
// come from the benchmarks below; this is the floor under them.
func TestPlanted(t *testing.T) {
	t.Parallel()
	p := plantedSample(t, 3000, 5)
	found, _ := funnel(p.texts)
	s := judge(p, found)
	s.check(t)
}

func (s score) check(t testing.TB) {
	t.Helper()
	recall, precision := float64(s.right)/float64(s.planted), float64(s.right)/float64(s.found)
	if s.planted == 0 || recall < 0.95 || precision < 0.95 {
		t.Errorf("recall %.4f, precision %.4f, want .95 of both\nmissed: %.5s\nwrong: %.5s", recall, precision, s.missed, s.wrong)
	}
	if s.numberChanged != 0 {
		t.Errorf("%d of %d examples with one number changed are called duplicates", s.numberChanged, s.variants)
	}
	if ratio := float64(s.variantsOK) / float64(s.variants); s.variants == 0 || ratio < 0.95 {
		t.Errorf("%d of %d variants are called so", s.variantsOK, s.variants)
	}
	if ratio := float64(s.contradictionOK) / float64(s.contradictions); s.contradictions == 0 || ratio < 0.95 {
		t.Errorf("%d of %d contradictions are called so", s.contradictionOK, s.contradictions)
	}
}

// BenchmarkPlanted measures recall and precision on 20,000 rows.
func BenchmarkPlanted(b *testing.B) {
	p := plantedSample(b, 20_000, 3)
	for b.Loop() {
		found, compared := funnel(p.texts)
		s := judge(p, found)
		s.check(b)
		b.ReportMetric(float64(s.right)/float64(s.planted), "recall")
		b.ReportMetric(float64(s.right)/float64(s.found), "precision")
		b.ReportMetric(float64(s.contradictionOK)/float64(s.contradictions), "contradictions")
		b.ReportMetric(float64(s.numberChanged), "variants-called-duplicates")
		b.ReportMetric(float64(compared)/float64(len(p.texts)), "compared/row")
	}
}

// BenchmarkAllPairs measures the funnel against every pair of 20,000 rows: what
// of the related pairs the keys lead to. It takes about a minute.
func BenchmarkAllPairs(b *testing.B) {
	p := plantedSample(b, 20_000, 3)
	for b.Loop() {
		found, _ := funnel(p.texts)
		related, hit, pairs := 0, 0, 0
		for i, x := range p.texts {
			for j := range i {
				y := p.texts[j]
				pairs++
				if !dedup.MayBeAlike(x, y) {
					continue
				}
				r, ok := dedup.Compare(y, x)
				if !ok || r.Kind == dedup.Variant {
					continue
				}
				related++
				if _, ok := found[pair{j + 1, i + 1}]; ok {
					hit++
				}
			}
		}
		if related == 0 || float64(hit)/float64(related) < 0.95 {
			b.Errorf("%d of %d related pairs are found", hit, related)
		}
		b.ReportMetric(float64(hit)/float64(related), "recall")
		b.ReportMetric(float64(related), "related")
		b.ReportMetric(float64(pairs), "pairs")
	}
}

// BenchmarkCommands puts a million commands made from few templates through the
// funnel, where bands of signatures would make hundreds of millions of pairs.
func BenchmarkCommands(b *testing.B) {
	exercises := strings.Fields("bench squat deadlift press row curl lunge dip pullup shrug thruster clean snatch jerk plank burpee pushup crunch hinge fly")
	texts := make([]*dedup.Text, 1_000_000)
	for i := range texts {
		ask := fmt.Sprintf("%s %d pounds for %d reps", exercises[i%len(exercises)], 45+5*(i/20%120), 1+i/2400%30)
		texts[i] = dedup.NewText("voice_parsing", []example.Message{{Role: example.User, Content: ask}, {Role: example.Assistant, Content: "ok"}})
	}
	for b.Loop() {
		_, compared := funnel(texts)
		b.ReportMetric(float64(compared)/float64(len(texts)), "compared/row")
	}
}

// No bucket may cost more than its number of members times a constant: 50,000
// commands of one template, and 50,000 that say the same.
func TestNoQuadraticBucket(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		ask  func(i int) string
		most int // comparisons a row
	}{
		{"one template", func(i int) string { return fmt.Sprintf("set a timer for %d minutes", i) }, 1},
		{"one command", func(i int) string { return "set a timer for 5 minutes" + strings.Repeat(" um", i%7) }, dedup.Enough},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			texts := make([]*dedup.Text, 50_000)
			for i := range texts {
				texts[i] = said(tt.ask(i), "ok")
			}
			if _, compared := funnel(texts); compared > tt.most*len(texts) {
				t.Errorf("%d comparisons for %d rows, want at most %d a row", compared, len(texts), tt.most)
			}
		})
	}
}
