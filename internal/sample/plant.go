package sample

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/example"
)

const (
	// alike is the least likeness of a declared near duplicate to the row it
	// was made from: of the trigrams of the user turns where these are short
	// (under twenty words), else of their runs of five words; and always of
	// the five-word runs of the whole conversation for rows in prose.
	alike = 0.85

	// crowded is the highest likeness that a planted row may have to a third
	// row with the same numbers.
	crowded = 0.78

	// longWords is from how many words on a text is compared by runs of five
	// words and not by trigrams.
	longWords = 20
)

// plant writes row i as its plan says, as a copy of an earlier clean row. It
// reports false where it finds none that fits.
func (s *settler) plant(i int) (bool, error) {
	var r rng
	r.reseed(s.seed, streamSettle, uint64(i))
	k := s.plans[i].kind
	if i == 0 {
		return false, nil
	}
	for try := range 60 {
		of := r.below(i)
		p := &s.plans[of]
		if p.kind != clean || p.borrowed || !suits(k, p) {
			continue
		}
		var w row
		how, loose := "", false
		switch k {
		case exactDuplicate:
			w = s.maker.draft(of, *p, int(p.attempt))
			how = "bytes"
			if loose = r.percent(50); loose {
				how = "spelling" // other key order, spaces and escapes; the same content
			}
		case nearDuplicate:
			w = s.maker.draft(of, *p, int(p.attempt))
			if how = disturb(&r, &w); how == "" {
				continue
			}
		case variant:
			s.maker.twist.reseed(s.seed, streamTwist, uint64(i)<<8|uint64(try))
			w = s.maker.redraft(of, *p, int(p.attempt), numbered)
			how = "number"
		case contradiction:
			s.maker.twist.reseed(s.seed, streamTwist, uint64(i)<<8|uint64(try))
			w = s.maker.redraft(of, *p, int(p.attempt), opposed)
			original := s.maker.draft(of, *p, int(p.attempt))
			if w.asked() != original.asked() || len(w.messages) > 3 && w.category != injuryAnalysis {
				continue // a conversation in prose may take another turn
			}
			how = "answer"
		}
		d := draft{row: w, line: w.appendJSON(nil, loose)}
		d.utterance = newUtterance(w.asked())
		if k == variant || k == nearDuplicate {
			original := s.maker.draft(of, *p, int(p.attempt))
			if k == variant && !oneNumberApart(original.asked(), w.asked()) {
				continue
			}
			same := d.utterance.text == newUtterance(original.asked()).text
			if !same && !s.guard.admit(i, &d.utterance, of, crowded) {
				continue
			}
		}
		p.borrowed = true
		if err := s.tell(truthLine{line: i + 1, kind: k, of: of + 1, how: how}); err != nil {
			return false, err
		}
		return true, s.put(k, &d.row, d.line)
	}
	return false, nil
}

// oneNumberApart reports whether two texts differ in one word, which is a
// number in both: not so where "1 rep" became "2 reps", or where a run's time
// changed with its distance.
func oneNumberApart(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) {
		return false
	}
	apart := 0
	for i := range x {
		if x[i] != y[i] {
			_, n := numbers(spelled(normal(x[i])))
			_, k := numbers(spelled(normal(y[i])))
			if apart++; n == 0 || k == 0 {
				return false
			}
		}
	}
	return apart == 1
}

// suits reports whether a row planned as p can be copied as kind k.
func suits(k kind, p *plan) bool {
	slug, sub := shelves[p.shelf].slug, shelves[p.shelf].subs[p.sub].slug
	switch k {
	case variant:
		return slices.Contains(commands, slug+"/"+sub) || sub == "run_parsing"
	case contradiction:
		switch slug {
		case voiceParsing:
			return slices.Contains(commands, slug+"/"+sub)
		case runningCardio:
			return sub == "advice" || sub == "training_plan" || sub == "injury_prevention"
		case injuryAnalysis:
			return sub != "doms" && sub != "red_flag" && sub != "ambiguous"
		}
	}
	return true
}

// disturb changes a row a little and says how, or returns "" where no way
// leaves it alike enough.
func disturb(r *rng, w *row) string {
	before := w.asked()
	plain := spelled(normal(before))
	short := words(plain) < longWords
	ways := []way{{"case", otherCase}, {"punctuation", otherPunctuation}, {"filler", addFiller}, {"typo", addTypo}, {"abbreviation", abbreviate}}
	if !short {
		ways = []way{{"punctuation", otherPunctuation}, {"filler", addFiller}, {"word", swapWord}, {"sentence", nil}, {"sentence", nil}, {"typo", addTypo}}
	}
	said := shingles(spelled(normal(w.said())))
	for _, v := range some(r, ways, len(ways)) {
		i := w.lastOf(example.User)
		if v.edit == nil { // reword the answer, leave the question
			i = w.last()
		}
		old := w.messages[i].Content
		if v.edit == nil {
			w.messages[i].Content = reword(r, old)
		} else {
			w.messages[i].Content = v.edit(r, old)
		}
		if w.messages[i].Content != old {
			now := spelled(normal(w.asked()))
			a, n := numbers(plain)
			b, k := numbers(now)
			good := a == b && n == k
			if short {
				good = good && jaccard(trigrams(plain), trigrams(now)) >= alike
			} else {
				good = good && jaccard(shingles(plain), shingles(now)) >= alike
			}
			if !short || !isJSON(w) {
				good = good && jaccard(said, shingles(spelled(normal(w.said())))) >= alike
			}
			if good {
				return v.name
			}
		}
		w.messages[i].Content = old
	}
	return ""
}

type way struct {
	name string
	edit func(*rng, string) string
}

// lastOf returns the index of the last message of a role.
func (w *row) lastOf(role example.Role) int {
	for i := w.last(); i > 0; i-- {
		if w.messages[i].Role == role {
			return i
		}
	}
	return 0
}

func otherCase(r *rng, s string) string {
	switch r.below(3) {
	case 0:
		return strings.ToLower(s)
	case 1:
		return strings.ToUpper(s)
	}
	first, n := utf8.DecodeRuneInString(s)
	if unicode.IsUpper(first) {
		return string(unicode.ToLower(first)) + s[n:]
	}
	return capital(s)
}

// otherPunctuation drops the commas and the full stop, or adds one.
func otherPunctuation(r *rng, s string) string {
	if end := strings.TrimRight(s, ".!?"); end != s && r.percent(50) {
		return end + pick(r, []string{"", "!", "..."})
	}
	if strings.Contains(s, ", ") && r.percent(60) {
		return strings.Replace(s, ", ", " ", 1+r.below(2))
	}
	return strings.TrimRight(s, ".") + pick(r, []string{"!", " .", ";"})
}

func addFiller(r *rng, s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if len(s) > n && unicode.IsLower(rune(s[n])) {
		s = string(unicode.ToLower(first)) + s[n:]
	}
	return pick(r, []string{"um ", "uh ", "Hey ", "ok ", "so ", "well ", "Hi, "}) + s
}

// addTypo drops or doubles a letter inside a longer word.
func addTypo(r *rng, s string) string {
	var spots []int // second letters of runs of five letters or more
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && (s[j]|0x20 >= 'a' && s[j]|0x20 <= 'z') {
			j++
		}
		if _, isNumber := numberWords[strings.ToLower(s[i:j])]; j-i >= 5 && !isNumber && (j == len(s) || s[j] < utf8.RuneSelf) {
			spots = append(spots, i+1+r.below(j-i-2))
		}
		i = max(j, i+1)
	}
	if len(spots) == 0 {
		return s
	}
	k := pick(r, spots)
	if r.percent(50) {
		return s[:k] + s[k+1:]
	}
	return s[:k] + s[k:k+1] + s[k:]
}

func abbreviate(r *rng, s string) string {
	for _, p := range some(r, [][2]string{
		{"pounds", "lbs"},
		{"seconds", "secs"},
		{"reps in reserve", "RIR"},
		{"dumbbell", "DB"},
		{"barbell", "BB"},
		{"kettlebell", "KB"},
		{"kilos", "kg"},
		{"minutes", "mins"},
		{" reps", " rep"},
		{"bodyweight", "BW"},
		{"tricep ", "tri "},
	}, 11) {
		if strings.Contains(s, p[0]) {
			return strings.Replace(s, p[0], p[1], 1)
		}
	}
	return s
}

// synonyms are swaps that keep the meaning of the sentences of this package.
var synonyms = [][2]string{
	{"about", "around"},
	{"often", "frequently"},
	{"start", "begin"},
	{"usually", "normally"},
	{"enough", "sufficient"},
	{"session", "workout"},
	{"sessions", "workouts"},
	{"plan", "schedule"},
	{"need", "require"},
	{"after", "following"},
	{"goal", "aim"},
	{"easy", "gentle"},
	{"slow", "unhurried"},
	{"stop", "halt"},
	{"still", "even now"},
	{"only", "just"},
	{"now", "at present"},
	{"while", "as long as"},
	{"until", "till"},
	{"lift", "exercise"},
	{"never", "at no time"},
	{"each", "every single"},
	{"most", "nearly all"},
	{"more", "extra"},
}

// swapWord replaces one word between spaces by a synonym. In JSON no key can
// match, because keys are in quotes.
func swapWord(r *rng, s string) string {
	for _, p := range some(r, synonyms, len(synonyms)) {
		if k := strings.Index(s, " "+p[0]+" "); k >= 0 {
			return s[:k+1] + p[1] + s[k+1+len(p[0]):]
		}
	}
	return s
}

// reword replaces words of the answer that stand close together: it takes one
// synonym, and a second one from the sixty bytes after it.
func reword(r *rng, s string) string {
	for _, p := range some(r, synonyms, len(synonyms)) {
		k := strings.Index(s, " "+p[0]+" ")
		if k < 0 {
			continue
		}
		tail := s[k+1+len(p[0]):]
		cut := min(60, len(tail))
		for cut < len(tail) && !utf8.RuneStart(tail[cut]) {
			cut++
		}
		return s[:k+1] + p[1] + swapWord(r, tail[:cut]) + tail[cut:]
	}
	return s
}
