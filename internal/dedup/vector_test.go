package dedup_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
)

// Jaccard likenesses of an eight-word command and five others, by runs of 1, 2,
// 3 and 5 words and of 3, 4 and 5 characters, as the design documents print
// them.
func TestLikeness(t *testing.T) {
	t.Parallel()
	const command = "please turn on the kitchen light right now"
	for _, tt := range []struct {
		name, other string
		words       [4]string // 1, 2, 3, 5
		chars       [3]string // 3, 4, 5
	}{
		{"another room", "please turn on the bedroom light right now", [4]string{"0.778", "0.556", "0.333", "0.000"}, [3]string{"0.609", "0.574", "0.542"}},
		{"another end", "please turn on the kitchen light right away", [4]string{"0.778", "0.750", "0.714", "0.600"}, [3]string{"0.829", "0.829", "0.829"}},
		{"a plural", "please turn on the kitchen lights right now", [4]string{"0.778", "0.556", "0.333", "0.143"}, [3]string{"0.900", "0.854", "0.810"}},
		{"please dropped", "turn on the kitchen light right now", [4]string{"0.875", "0.857", "0.833", "0.750"}, [3]string{"0.811", "0.811", "0.811"}},
		{"as it stands", "Please, turn on the kitchen light right now!", [4]string{"0.600", "0.556", "0.500", "0.333"}, [3]string{"0.810", "0.767", "0.727"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for i, n := range []int{1, 2, 3, 5} {
				if got := fmt.Sprintf("%.3f", dedup.WordLikeness(command, tt.other, n)); got != tt.words[i] {
					t.Errorf("likeness by runs of %d words = %s, want %s", n, got, tt.words[i])
				}
			}
			for i, n := range []int{3, 4, 5} {
				if got := fmt.Sprintf("%.3f", dedup.CharLikeness(command, tt.other, n)); got != tt.chars[i] {
					t.Errorf("likeness by runs of %d characters = %s, want %s", n, got, tt.chars[i])
				}
			}
		})
	}
	if a, b := dedup.Normal(command), dedup.Normal("Please, turn on the kitchen light right now!"); a != b {
		t.Errorf("Normal gives %q and %q", a, b)
	}
}

// The chance that two texts become candidates, as the design documents print it.
func TestCandidateProbability(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		likeness    float64
		bands, rows int
		want        string
	}{
		{0.8, 14, 8, "0.9235"},
		{math.Pow(1.0/14, 1.0/8), 14, 8, "0.6457"}, // the threshold, .7190: 1 - (1 - 1/14)^14
		{0.8, 16, 8, "0.9470"},
		{0.7, 16, 8, "0.6133"},
		{0.5, 16, 8, "0.0607"},
		{0.8, dedup.Bands, dedup.Rows, "0.9470"},
		{0.8, dedup.CoarseBands, dedup.CoarseRows, "0.9940"},
	} {
		if got := fmt.Sprintf("%.4f", dedup.CandidateProbability(tt.likeness, tt.bands, tt.rows)); got != tt.want {
			t.Errorf("CandidateProbability(%v, %d, %d) = %s, want %s", tt.likeness, tt.bands, tt.rows, got, tt.want)
		}
	}
}

// The signature must follow the curve: 2,000 random pairs of sets for each
// likeness, as often in a common band as the formula says, within four standard
// deviations.
func TestBandsFollowTheCurve(t *testing.T) {
	t.Parallel()
	const pairs = 2000
	rng := rand.New(rand.NewPCG(7, 11))
	for _, tt := range []struct{ common, apart, bands, rows int }{
		{40, 40, dedup.Bands, dedup.Rows},
		{35, 15, dedup.Bands, dedup.Rows},
		{40, 10, dedup.Bands, dedup.Rows},
		{170, 30, dedup.Bands, dedup.Rows},
		{40, 40, dedup.CoarseBands, dedup.CoarseRows},
		{40, 10, dedup.CoarseBands, dedup.CoarseRows},
	} {
		want := dedup.CandidateProbability(float64(tt.common)/float64(tt.common+tt.apart), tt.bands, tt.rows)
		hits := 0
		for range pairs {
			var a, b []uint64
			for range tt.common {
				x := rng.Uint64()
				a, b = append(a, x), append(b, x)
			}
			for i := range tt.apart {
				if i%2 == 0 {
					a = append(a, rng.Uint64())
				} else {
					b = append(b, rng.Uint64())
				}
			}
			if dedup.SameBand(a, b, tt.bands, tt.rows) {
				hits++
			}
		}
		got, slack := float64(hits)/pairs, 4*0.5/44.7 // sqrt(p(1-p)/n) is at most .5/sqrt(n)
		if got < want-slack || got > want+slack {
			t.Errorf("%d of %d in common, %d x %d: in a common band %.3f of the time, want %.3f", tt.common, tt.common+tt.apart, tt.bands, tt.rows, got, want)
		}
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"  Bench,  225 for 8! ", "bench 225 for 8"},
		{"I’m don't it`s", "im dont its"},
		{"ＦＵＬＬ ﬁve ½", "full five 1 2"},
		{"RPE 7.5.", "rpe 7.5"},
		{"7. 5", "7 5"},
		{".5", "5"},
		{"5:30/mi, 3x8", "5 30 mi 3x8"},
		{"Größe É", "größe é"},
		{"Gro\u0308ße E\u0301", "größe é"},
		{"...", ""},
		{"卧推 100 公斤", "卧推 100 公斤"},
	} {
		if got := dedup.Normal(tt.in); got != tt.want {
			t.Errorf("Normal(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if again := dedup.Normal(dedup.Normal(tt.in)); again != tt.want {
			t.Errorf("Normal(Normal(%q)) = %q, want %q", tt.in, again, tt.want)
		}
	}
}

func said(ask, answer string) *dedup.Text {
	return dedup.NewText("voice_parsing", []example.Message{
		{Role: example.System, Content: "Parse."}, {Role: example.User, Content: ask}, {Role: example.Assistant, Content: answer},
	})
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const (
		parsed = `{"exercise":"Bench Press","weight":225,"reps":8,"rpe":null}`
		advice = "Keep the elbows in and the bar over the wrists. Pause on the chest for a second, press up hard, and stop two reps before failure."
		asked  = "My left knee hurts after squats since 3 weeks, mostly at the bottom, and stairs are no fun either. It was fine before I changed the programme, and rest days help a little. What should I do about it?"
	)
	long := func(s string) string { return "I am 40 years old and train 4 days a week on a full body plan. " + s }
	for _, tt := range []struct {
		name          string
		ask1, answer1 string
		ask2, answer2 string
		want          dedup.Kind // empty: not related
		fields        []string
	}{
		{name: "case and punctuation", ask1: "Bench press, 225 for 8", answer1: parsed, ask2: "bench press 225 for 8!", answer2: parsed, want: dedup.Equal},
		{name: "spelling of the answer", ask1: "bench press 225 for 8", answer1: parsed, ask2: "Bench press 225 for 8", answer2: `{"reps":8.0, "weight":225, "exercise":"bench press"}`, want: dedup.Equal},
		{name: "filler", ask1: "bench press 225 for 8", answer1: parsed, ask2: "um bench press 225 for 8", answer2: parsed, want: dedup.Near},
		{name: "typo", ask1: "bench press 225 pounds for 8", answer1: parsed, ask2: "bench press 225 poounds for 8", answer2: parsed, want: dedup.Near},
		{name: "number in words", ask1: "bench press 225 for eight reps", answer1: parsed, ask2: "bench press 225 for 8 reps", answer2: parsed, want: dedup.Near},
		{name: "tens in words", ask1: "pulldown at thirty five for 8 reps", answer1: parsed, ask2: "pulldown at 35 for 8 reps", answer2: parsed, want: dedup.Near},
		{name: "one number changed", ask1: "bench press 225 for 8", answer1: parsed, ask2: "bench press 230 for 8", answer2: parsed, want: dedup.Variant},
		{name: "one number changed in words", ask1: "bench press 225 for eight", answer1: parsed, ask2: "bench press 225 for ten", answer2: parsed, want: dedup.Variant},
		{name: "numbers swapped", ask1: "bench press 10 for 8", answer1: parsed, ask2: "bench press 8 for 10", answer2: parsed, want: dedup.Variant},
		{name: "fraction", ask1: "bench press 225 for 8 at rpe 7.5", answer1: parsed, ask2: "bench press 225 for 8 at rpe 7", answer2: parsed, want: dedup.Variant},
		{name: "one number changed, long", ask1: long(asked), answer1: advice, ask2: long(asked + " 5/10"), answer2: advice},
		{name: "one number changed in place, long", ask1: long(asked), answer1: advice, ask2: "I am 41 years old and train 4 days a week on a full body plan. " + asked, answer2: advice, want: dedup.Variant},
		{name: "another exercise", ask1: "incline bench press 225 for 8 reps", answer1: parsed, ask2: "decline bench press 225 for 8 reps", answer2: parsed},
		{name: "another exercise, one letter", ask1: "machine hip abduction 225 for 8 reps", answer1: parsed, ask2: "machine hip adduction 225 for 8 reps", answer2: parsed},
		{name: "another side", ask1: "left leg single leg press 225 for 8 reps", answer1: parsed, ask2: "right leg single leg press 225 for 8 reps", answer2: parsed},
		{name: "another side, long", ask1: long(asked), answer1: advice, ask2: long("My right knee" + asked[len("My left knee"):]), answer2: advice},
		{name: "negation, long", ask1: long(asked), answer1: advice, ask2: long(asked[:len(asked)-len("What should I do about it?")] + "What should I not do about it?"), answer2: advice},
		{name: "a word of a long one", ask1: long(asked), answer1: advice, ask2: long("My left knee aches" + asked[len("My left knee hurts"):]), answer2: advice, want: dedup.Near},
		{name: "reworded answer", ask1: long(asked), answer1: advice, ask2: long(asked), answer2: "Keep both elbows in and the bar over the wrists. Pause on the chest for a second, press up hard, and quit two reps before failure.", want: dedup.Near},
		{name: "opposite answer", ask1: long(asked), answer1: advice, ask2: long(asked), answer2: "Flare the elbows as far as they go, bounce the bar off the chest and grind out each rep until nothing moves.", want: dedup.Contradiction},
		{name: "answer with a not", ask1: long(asked), answer1: advice, ask2: long(asked), answer2: "Do not k" + advice[1:], want: dedup.Contradiction},
		{name: "answer with another number", ask1: long(asked), answer1: advice + " Rest 2 minutes.", ask2: long(asked), answer2: advice + " Rest 5 minutes.", want: dedup.Contradiction},
		{
			name: "fields", ask1: "bench press 225 for 8", answer1: parsed, ask2: "um bench press 225 for 8",
			answer2: `{"exercise":"Incline Bench Press","weight":225,"reps":9,"rpe":null}`, want: dedup.Contradiction, fields: []string{"/exercise", "/reps"},
		},
		{
			name: "fields deep down", ask1: "two sets", answer1: `{"sets":[{"reps":8},{"reps":8,"a/b":true}]}`, ask2: "two sets",
			answer2: `{"sets":[{"reps":8},{"reps":"8","a/b":false}]}`, want: dedup.Contradiction, fields: []string{"/sets/1/a~1b", "/sets/1/reps"},
		},
		{name: "a field left out", ask1: "bench press 225 for 8", answer1: parsed, ask2: "bench press 225 for 8", answer2: `{"exercise":"Bench Press","reps":8}`, want: dedup.Contradiction, fields: []string{"/weight"}},
		{name: "prose and structure", ask1: "bench press 225 for 8", answer1: parsed, ask2: "bench press 225 for 8", answer2: "Which bench?", want: dedup.Contradiction},
		{name: "nothing in common", ask1: "bench press 225 for 8", answer1: parsed, ask2: "deadlift 405 for 1", answer2: parsed},
		{name: "no words", ask1: "...", answer1: parsed, ask2: "!!!", answer2: parsed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := said(tt.ask1, tt.answer1), said(tt.ask2, tt.answer2)
			got, ok := dedup.Compare(a, b)
			if ok != (tt.want != "") || got.Kind != tt.want {
				t.Fatalf("Compare() = %q (likeness %.2f), want %q", got.Kind, got.Similarity, tt.want)
			}
			if diff := cmp.Diff(tt.fields, got.Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			turned, _ := dedup.Compare(b, a)
			if diff := cmp.Diff(got, turned); diff != "" {
				t.Errorf("Compare depends on the order (-ab +ba):\n%s", diff)
			}
			if ok && !shareKey(a, b) {
				t.Error("they are related and share no key")
			}
		})
	}
}

func shareKey(a, b *dedup.Text) bool {
	s := dedup.NewSigner(uuid.Nil)
	keys := s.Sign(b)
	return slices.ContainsFunc(s.Sign(a), func(k dedup.Key) bool { return slices.Contains(keys, k) })
}

// Another category is another task, so nothing is shared with it.
func TestCategoriesApart(t *testing.T) {
	t.Parallel()
	m := []example.Message{{Role: example.User, Content: "bench press 225 for 8"}, {Role: example.Assistant, Content: "ok"}}
	a, b := dedup.NewText("one", m), dedup.NewText("two", m)
	if _, ok := dedup.Compare(a, b); ok || shareKey(a, b) {
		t.Error("two categories are compared")
	}
}

// Datasets share a table of keys, but no key.
func TestDatasetsApart(t *testing.T) {
	t.Parallel()
	a := said("bench press 225 for 8", "ok")
	mine, theirs := dedup.NewSigner(uuid.UUID{1}).Sign(a), dedup.NewSigner(uuid.UUID{2}).Sign(a)
	if len(mine) == 0 || slices.ContainsFunc(mine, func(k dedup.Key) bool { return slices.Contains(theirs, k) }) {
		t.Errorf("keys of two datasets: %v, %v", mine, theirs)
	}
}

// Keys in databases outlive the program, so what a text's keys are may change
// only together with the signature version.
func TestKeysStay(t *testing.T) {
	t.Parallel()
	s := dedup.NewSigner(uuid.Nil)
	var got []string
	for _, ask := range []string{"Bench press, 225 for 8", "I am 40 years old and train 4 days a week on a full body plan. My left knee hurts after squats, what now?"} {
		var all uint64
		keys := s.Sign(said(ask, "ok"))
		for _, k := range keys {
			all = all*31 + k.Hash
		}
		got = append(got, fmt.Sprintf("%d keys %016x", len(keys), all))
	}
	if diff := cmp.Diff([]string{"2 keys 3801b710a56b07b5", "17 keys ab259d77e4a5de7d"}, got); diff != "" {
		t.Errorf("keys changed: raise signatureVersion (-want +got):\n%s", diff)
	}
}
