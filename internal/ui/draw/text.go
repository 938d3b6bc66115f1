package draw

import (
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/web/templates"
)

// A span is a range of bytes that is drawn differently.
type span struct {
	start, end int
	mark       string
	title, id  string
	slot       string
}

// rank orders marks where they overlap: the higher one is drawn.
func rank(mark string) int {
	return slices.Index([]string{templates.MarkSaid, templates.MarkInfo, templates.MarkWarning, templates.MarkError}, mark)
}

// Text splits s into runs. Characters that cannot be seen, that are taken for
// others or that change the direction of reading become named runs; all others
// stay as they are.
func Text(s string) []templates.Run { return runs(s, nil) }

// runs is Text with marks. Spans may overlap and may be out of range.
func runs(s string, spans []span) []templates.Run {
	var out []templates.Run
	used := map[string]bool{}
	name := func(r *templates.Run, id string) {
		if id != "" && r.ID == "" && !used[id] {
			r.ID, used[id] = id, true
		}
	}
	emit := func(r templates.Run, over, slot *span) {
		if over != nil {
			r.Mark = over.mark
			if r.Title == "" {
				r.Title = over.title
			}
			name(&r, over.id)
		}
		if slot != nil { // a finding covers the mark of the words, not what they led to
			r.Slot = slot.slot
			name(&r, slot.id)
		}
		out = append(out, r)
	}
	edges := edgesOf(s, spans)
	for i := 0; i+1 < len(edges); i++ {
		from, to := edges[i], edges[i+1]
		over, slot := top(spans, from, to, false), top(spans, from, to, true)
		start := from
		for at := from; at < to; {
			r, size := utf8.DecodeRuneInString(s[at:])
			label, title := invisible(r, size, s[:at], s[at+size:])
			if label != "" {
				if start < at {
					emit(templates.Run{Text: s[start:at]}, over, slot)
				}
				emit(templates.Run{Text: label, Invisible: true, Title: title}, over, slot)
				start = at + size
			}
			at += size
		}
		if start < to {
			emit(templates.Run{Text: s[start:to]}, over, slot)
		}
	}
	return out
}

// edgesOf returns where drawing may change: both ends and the ends of spans,
// moved to the borders of characters.
func edgesOf(s string, spans []span) []int {
	edges := []int{0, len(s)}
	for i := range spans {
		spans[i].start, spans[i].end = border(s, spans[i].start), border(s, spans[i].end)
		edges = append(edges, spans[i].start, spans[i].end)
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

func border(s string, at int) int {
	at = min(max(at, 0), len(s))
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}

// top is the mark that is drawn over a range; slots: among those that a value of
// the answer came from.
func top(spans []span, from, to int, slots bool) *span {
	var best *span
	for i := range spans {
		p := &spans[i]
		if slots && p.slot == "" {
			continue
		}
		if p.start <= from && to <= p.end && p.start < p.end && (best == nil || rank(p.mark) > rank(best.mark)) {
			best = p
		}
	}
	return best
}

// names are the short and the full names of what cannot be seen.
var names = map[rune][2]string{
	'\u00a0': {"NBSP", "no-break space"},
	'\u00ad': {"SHY", "soft hyphen"},
	'\u034f': {"CGJ", "combining grapheme joiner"},
	'\u061c': {"ALM", "Arabic letter mark"},
	'\u115f': {"HCF", "Hangul choseong filler"},
	'\u1160': {"HJF", "Hangul jungseong filler"},
	'\u180e': {"MVS", "Mongolian vowel separator"},
	'\u2002': {"ENSP", "en space"},
	'\u2003': {"EMSP", "em space"},
	'\u2007': {"FSP", "figure space"},
	'\u2009': {"THSP", "thin space"},
	'\u200a': {"HSP", "hair space"},
	'\u200b': {"ZWSP", "zero width space"},
	'\u200c': {"ZWNJ", "zero width non-joiner"},
	'\u200d': {"ZWJ", "zero width joiner"},
	'\u200e': {"LRM", "left-to-right mark"},
	'\u200f': {"RLM", "right-to-left mark"},
	'\u2028': {"LSEP", "line separator"},
	'\u2029': {"PSEP", "paragraph separator"},
	'\u202a': {"LRE", "left-to-right embedding"},
	'\u202b': {"RLE", "right-to-left embedding"},
	'\u202c': {"PDF", "pop directional formatting"},
	'\u202d': {"LRO", "left-to-right override"},
	'\u202e': {"RLO", "right-to-left override"},
	'\u202f': {"NNBSP", "narrow no-break space"},
	'\u2060': {"WJ", "word joiner"},
	'\u2066': {"LRI", "left-to-right isolate"},
	'\u2067': {"RLI", "right-to-left isolate"},
	'\u2068': {"FSI", "first strong isolate"},
	'\u2069': {"PDI", "pop directional isolate"},
	'\u2800': {"BRB", "Braille blank"},
	'\u3000': {"IDSP", "ideographic space"},
	'\u3164': {"HF", "Hangul filler"},
	'\ufe0e': {"VS15", "variation selector 15"},
	'\ufe0f': {"VS16", "variation selector 16"},
	'\ufeff': {"BOM", "byte order mark"},
	'\uffa0': {"HWHF", "halfwidth Hangul filler"},
	'\r':     {"CR", "carriage return"},
	0x00:     {"NUL", "null"},
	0x1b:     {"ESC", "escape"},
	0x7f:     {"DEL", "delete"},
}

// invisible returns the short name and the tooltip of r where it cannot be seen,
// else empty strings. before and after are the text around it.
func invisible(r rune, size int, before, after string) (label, title string) {
	switch {
	case r == ' ' || r == '\n' || r == '\t':
		return "", ""
	case r == utf8.RuneError && size == 1:
		return "?", "a byte that is not UTF-8"
	case r < 0x300 && r > 0xad, r > ' ' && r < 0x7f:
		return "", "" // most text ends here
	case r == '\u200d' && emoji(last(before)) && emoji(first(after)), (r == '\ufe0f' || r == '\ufe0e') && emoji(last(before)):
		return "", "" // part of a picture that is seen
	}
	if n, ok := names[r]; ok {
		return n[0], fmt.Sprintf("U+%04X %s", r, n[1])
	}
	what := ""
	switch {
	case r >= 0xe0000 && r <= 0xe007f:
		what = "tag character"
	case unicode.Is(unicode.Variation_Selector, r):
		what = "variation selector"
	case unicode.Is(unicode.Cf, r):
		what = "format character"
	case unicode.Is(unicode.Cc, r):
		what = "control character"
	case unicode.Is(unicode.Co, r):
		what = "private use character"
	case unicode.Is(unicode.Zs, r):
		what = "space"
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		what = "noncharacter"
	default:
		return "", ""
	}
	code := fmt.Sprintf("U+%04X", r)
	return code, code + " " + what
}

func first(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
func last(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }

// emoji says whether r may be a part of a joined picture.
func emoji(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Sm) || r == '\ufe0f' || r == '\u20e3' ||
		'0' <= r && r <= '9' || r == '#' || r == '*' || r == '\u203c' || r == '\u2049'
}
