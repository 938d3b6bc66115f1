package lint

import (
	"strings"
	"unicode/utf8"
)

// A unit is what a spoken number counts.
type unit uint8

const (
	noUnit unit = iota
	pounds
	kilos
	seconds
	minutes
	hours
	clock // m:ss or h:mm:ss, in seconds
	repetitions
	plates
)

// A number is one reading of a number in a text. The same words may have
// several: "two twenty five" is 225, and also 2, 20, 25 and 5.
type number struct {
	value      float64
	upto       float64 // the end of a range such as "8 to 10"; else the value
	unit       unit
	start, end int
	word       bool  // it was spelled out
	turn       int32 // the message it stands in, where several were read
}

func (n number) covers(v float64) bool {
	const slack = 1e-6
	return n.value-slack <= v && v <= n.upto+slack
}

// The kinds of number words.
const (
	zeroWord = iota
	oneToNine
	teen
	tens
	hundred
	thousand
	half
	quarter
	point
	filler // and, a: part of a number only between its words
	alone  // couple, dozen, single: a number by itself
)

type numberWord struct {
	value float64
	kind  int
}

var numberWords = map[string]numberWord{
	"zero": {0, zeroWord}, "oh": {0, zeroWord},
	"one": {1, oneToNine}, "two": {2, oneToNine}, "three": {3, oneToNine}, "four": {4, oneToNine}, "five": {5, oneToNine},
	"six": {6, oneToNine}, "seven": {7, oneToNine}, "eight": {8, oneToNine}, "nine": {9, oneToNine},
	"ten": {10, teen}, "eleven": {11, teen}, "twelve": {12, teen}, "thirteen": {13, teen}, "fourteen": {14, teen}, "fifteen": {15, teen},
	"sixteen": {16, teen}, "seventeen": {17, teen}, "eighteen": {18, teen}, "nineteen": {19, teen},
	"twenty": {20, tens}, "thirty": {30, tens}, "forty": {40, tens}, "fourty": {40, tens}, "fifty": {50, tens},
	"sixty": {60, tens}, "seventy": {70, tens}, "eighty": {80, tens}, "ninety": {90, tens},
	"twenties": {20, tens}, "thirties": {30, tens}, "forties": {40, tens}, "fifties": {50, tens},
	"sixties": {60, tens}, "seventies": {70, tens}, "eighties": {80, tens}, "nineties": {90, tens},
	"fives": {5, oneToNine}, "tens": {10, teen}, "hundreds": {100, hundred},
	"hundred": {100, hundred}, "thousand": {1000, thousand}, "half": {0.5, half}, "quarter": {0.25, quarter}, "quarters": {0.25, quarter},
	"point": {0, point}, "and": {0, filler}, "a": {0, filler}, "an": {0, filler},
	"couple": {2, alone}, "pair": {2, alone}, "dozen": {12, alone}, "single": {1, alone}, "double": {2, alone}, "triple": {3, alone}, "once": {1, alone}, "twice": {2, alone},
	"singles": {1, alone}, "doubles": {2, alone}, "triples": {3, alone}, "none": {0, alone}, "nothing": {0, alone},
}

// limbs make a word such as "single" part of an exercise's name.
var limbs = newPhrases("leg", "legs", "legged", "arm", "arms", "armed", "hand", "handed", "side", "sided")

// longestWord bounds how much of a word is looked up.
const longestWord = 12

// unitWords are the words for units, as they follow a number.
var unitWords = map[string]unit{
	"lb": pounds, "lbs": pounds, "pound": pounds, "pounds": pounds, "pounders": pounds,
	"kg": kilos, "kgs": kilos, "kilo": kilos, "kilos": kilos, "kilogram": kilos, "kilograms": kilos,
	"s": seconds, "sec": seconds, "secs": seconds, "second": seconds, "seconds": seconds,
	"min": minutes, "mins": minutes, "minute": minutes, "minutes": minutes,
	"h": hours, "hr": hours, "hrs": hours, "hour": hours, "hours": hours,
	"rep": repetitions, "reps": repetitions, "repetition": repetitions, "repetitions": repetitions,
	"plate": plates, "plates": plates,
}

// appendNumbers appends every reading of every number in s.
func appendNumbers(dst []number, s string) []number {
	var seq sequence
	first := len(dst)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case isDigit(c):
			dst = seq.flush(dst, s)
			dst, i = appendDigits(dst, first, s, i)
		case isLetter(c):
			end := i + 1
			for end < len(s) && isLetter(s[end]) {
				end++
			}
			w, ok := lookup(numberWords, s[i:end])
			switch {
			case !ok:
				dst = seq.flush(dst, s)
				dst = appendBareUnit(dst, first, s, i, end)
			case w.kind == alone && limbs.begins(s, end):
				dst = seq.flush(dst, s) // single leg, single-arm: the exercise, no number
			case w.kind == alone:
				dst = seq.flush(dst, s)
				dst = append(dst, number{value: w.value, upto: w.value, start: i, end: end, word: true, unit: unitAfter(s, end)})
			default:
				dst = seq.add(dst, s, w, i, end)
			}
			i = end
		case c == ' ' || c == '-' || c == '\t' || c == '\n':
			i++
		default:
			dst = seq.flush(dst, s)
			if f, size := vulgar(s[i:]); size > 0 {
				dst = append(dst, number{value: f, upto: f, start: i, end: i + size})
				i += size
				continue
			}
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
		}
	}
	return seq.flush(dst, s)
}

// lookup finds a word in a table whatever its case.
func lookup[T any](table map[string]T, word string) (T, bool) {
	var none T
	if len(word) > longestWord {
		return none, false
	}
	var low [longestWord]byte
	for i := range len(word) {
		low[i] = lower(word[i])
	}
	v, ok := table[string(low[:len(word)])]
	return v, ok
}

// vulgar reads ½, ¼ or ¾.
func vulgar(s string) (float64, int) {
	switch {
	case strings.HasPrefix(s, "½"):
		return 0.5, len("½")
	case strings.HasPrefix(s, "¼"):
		return 0.25, len("¼")
	case strings.HasPrefix(s, "¾"):
		return 0.75, len("¾")
	}
	return 0, 0
}

// appendDigits reads the number in digits at byte i of s. The numbers of s start
// at first.
func appendDigits(dst []number, first int, s string, i int) ([]number, int) {
	start := i
	value, digits, i := digitsAt(s, i)
	whole := value
	switch {
	case i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]):
		value, i = fraction(value, s, i+1)
	case i+1 < len(s) && s[i] == ',' && isDigit(s[i+1]):
		frac, size, end := digitsAt(s, i+1)
		switch {
		case size == 3 && digits <= 3:
			value, i = value*1000+frac, end // 1,000
		case size < 3:
			v, _ := fraction(value, s, i+1) // 102,5, or a list without blanks
			dst = append(dst, number{value: v, upto: v, start: start, end: end, unit: unitAfter(s, end)})
		}
	case i+2 < len(s) && s[i] == ':' && isDigit(s[i+1]) && isDigit(s[i+2]):
		return appendClock(dst, s, start, whole, i)
	case i+1 < len(s) && s[i] == '/' && isDigit(s[i+1]):
		den, size, end := digitsAt(s, i+1)
		if size == 1 && (den == 2 || den == 4 || den == 8) && value < den {
			f := value / den
			if n := len(dst); n > first && !dst[n-1].word && dst[n-1].end == start-1 {
				f += dst[n-1].value // 2 1/2
			}
			return append(dst, number{value: f, upto: f, start: start, end: end, unit: unitAfter(s, end)}), end
		}
	}
	if f, size := vulgar(s[i:]); size > 0 {
		value += f
		i += size
	} else if rest, ok := strings.CutPrefix(s[i:], " and a half"); ok && (rest == "" || !isWord(rest[0])) {
		dst = append(dst, number{value: value + 0.5, upto: value + 0.5, start: start, end: len(s) - len(rest), unit: unitAfter(s, len(s)-len(rest))})
	}
	n := number{value: value, upto: value, start: start, end: i, unit: unitAfter(s, i)}
	if k := len(dst); k > first && dst[k-1].end <= start && isRange(s[dst[k-1].end:start]) && dst[k-1].value < value && value <= 2*dst[k-1].value+2 {
		dst = append(dst, number{value: dst[k-1].value, upto: value, start: dst[k-1].start, end: i, unit: n.unit})
	}
	return append(dst, n), i
}

// isRange reports whether what stands between two numbers makes a range.
func isRange(gap string) bool {
	switch gap {
	case "-", "–", " - ", " – ", " to ", "–to–":
		return true
	}
	return false
}

func digitsAt(s string, i int) (value float64, digits, end int) {
	for i < len(s) && isDigit(s[i]) {
		value = value*10 + float64(s[i]-'0')
		i++
		digits++
	}
	return value, digits, i
}

// fraction reads the digits after a decimal point.
func fraction(value float64, s string, i int) (float64, int) {
	num, den := 0.0, 1.0
	for i < len(s) && isDigit(s[i]) {
		num = num*10 + float64(s[i]-'0')
		den *= 10
		i++
	}
	return value + num/den, i
}

// appendClock reads 1:30 or 1:02:30, given the first number and the place of
// the colon.
func appendClock(dst []number, s string, start int, first float64, i int) ([]number, int) {
	second, _, end := digitsAt(s, i+1)
	total := first*60 + second
	if end+2 < len(s) && s[end] == ':' && isDigit(s[end+1]) && isDigit(s[end+2]) {
		third, _, last := digitsAt(s, end+1)
		total, end = total*60+third, last
	}
	return append(dst, number{value: total, upto: total, unit: clock, start: start, end: end}), end
}

// unitAfter reads the unit that follows a number ending at byte i.
func unitAfter(s string, i int) unit {
	if i < len(s) && (s[i] == ' ' || s[i] == '-') {
		i++
	}
	end := i
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end == i || end < len(s) && isDigit(s[end]) {
		return noUnit
	}
	u, ok := lookup(unitWords, s[i:end])
	if !ok {
		return misspelt(s[i:end])
	}
	return u
}

// misspelt reads a unit of time with one letter too few, too many, wrong, or
// changed round with its neighbour: commands are typed on phones as well as
// spoken. Shorter words than these are too easily something else.
func misspelt(word string) unit {
	for _, w := range [...]string{"minute", "minutes", "second", "seconds"} {
		if lower(word[0]) == w[0] && oneSlip(word, w) {
			u, _ := lookup(unitWords, w)
			return u
		}
	}
	return noUnit
}

// oneSlip reports whether a is b, which is in lower case, but for one slip of
// the fingers.
func oneSlip(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && lower(a[i]) == b[i] {
		i++
	}
	rest, want := a[i:], b[i:]
	switch len(a) - len(b) {
	case 1:
		return strings.EqualFold(rest[1:], want)
	case -1:
		return strings.EqualFold(rest, want[1:])
	case 0:
		if rest == "" || strings.EqualFold(rest[1:], want[1:]) {
			return true
		}
		return len(rest) > 1 && lower(rest[0]) == want[1] && lower(rest[1]) == want[0] && strings.EqualFold(rest[2:], want[2:])
	}
	return false
}

// appendBareUnit reads a time without a number: a minute, half an hour, a minute
// and a half.
func appendBareUnit(dst []number, first int, s string, start, end int) []number {
	u, ok := lookup(unitWords, s[start:end])
	if !ok || u != minutes && u != hours {
		return dst
	}
	if n := len(dst); n > first && dst[n-1].unit == u && start-dst[n-1].end <= 1 {
		// The unit of the number before, which may go on: two minutes thirty,
		// one minute and a half.
		if strings.HasPrefix(s[end:], " and a half") {
			v := dst[n-1].value + 0.5
			return append(dst, number{value: v, upto: v, unit: u, start: dst[n-1].start, end: end})
		}
		return dst
	}
	before := strings.ToLower(s[max(0, start-8):start])
	value := 1.0
	switch {
	case strings.HasSuffix(before, "half a ") || strings.HasSuffix(before, "half an ") || strings.HasSuffix(before, "half "):
		value = 0.5
	case strings.HasPrefix(s[end:], " and a half"):
		value = 1.5
	}
	return append(dst, number{value: value, upto: value, unit: u, start: start, end: end, word: true})
}

// A sequence is a row of number words that may make one number together.
type sequence struct {
	words  [8]numberWord
	starts [8]int
	ends   [8]int
	n      int
}

func (q *sequence) add(dst []number, s string, w numberWord, start, end int) []number {
	if q.n == 0 && (w.kind == filler || w.kind == point) {
		return dst
	}
	if q.n == len(q.words) || q.n > 0 && start-q.ends[q.n-1] > 2 {
		dst = q.flush(dst, s)
	}
	q.words[q.n], q.starts[q.n], q.ends[q.n] = w, start, end
	q.n++
	return dst
}

// flush appends the readings of the row and empties it.
func (q *sequence) flush(dst []number, s string) []number {
	for i := range q.n {
		dst = q.readings(dst, s, i)
	}
	q.n = 0
	return dst
}

// kind returns the kind of word k, or -1.
func (q *sequence) kind(k int) int {
	if k >= q.n {
		return -1
	}
	return q.words[k].kind
}

// skip passes over the fillers at k.
func (q *sequence) skip(k int) int {
	for q.kind(k) == filler {
		k++
	}
	return k
}

// readings appends the numbers that start at word i.
func (q *sequence) readings(dst []number, s string, i int) []number {
	emit := func(v float64, k int) { // the number ends before word k
		end := q.ends[k-1]
		dst = append(dst, number{value: v, upto: v, start: q.starts[i], end: end, unit: unitAfter(s, end), word: true})
		if q.kind(k) == point {
			num, den, d := 0.0, 1.0, k+1
			for q.kind(d) == oneToNine || q.kind(d) == zeroWord {
				num, den = num*10+q.words[d].value, den*10
				d++
			}
			if den > 1 {
				dst = append(dst, number{value: v + num/den, upto: v + num/den, start: q.starts[i], end: q.ends[d-1], unit: unitAfter(s, q.ends[d-1]), word: true})
			}
		}
		if h := q.skip(k); h > k && (q.kind(h) == half || q.kind(h) == quarter) {
			f := v + q.words[h].value
			dst = append(dst, number{value: f, upto: f, start: q.starts[i], end: q.ends[h], unit: unitAfter(s, q.ends[h]), word: true})
		}
	}
	// below reads a number below a hundred from word k on, after base.
	below := func(base float64, k int) {
		switch q.kind(k) {
		case oneToNine, teen:
			emit(base+q.words[k].value, k+1)
		case tens:
			emit(base+q.words[k].value, k+1)
			if q.kind(k+1) == oneToNine {
				emit(base+q.words[k].value+q.words[k+1].value, k+2)
			}
		}
	}
	w := q.words[i]
	switch w.kind {
	case zeroWord, half, quarter:
		emit(w.value, i+1)
	case hundred, thousand:
		emit(w.value, i+1)
		below(w.value, q.skip(i+1))
	case oneToNine, teen, tens:
		below(0, i)
		switch next := q.kind(i + 1); {
		case next == hundred || next == thousand:
			base := w.value * q.words[i+1].value
			emit(base, i+2)
			below(base, q.skip(i+2))
		case w.kind != tens && (next == tens || next == teen):
			below(w.value*100, i+1) // two twenty five
		case w.kind == oneToNine && next == zeroWord && q.kind(i+2) == oneToNine:
			emit(w.value*100+q.words[i+2].value, i+3) // one oh five
		case w.kind == oneToNine && next == oneToNine && q.kind(i+2) == oneToNine:
			emit(w.value*100+q.words[i+1].value*10+q.words[i+2].value, i+3) // two two five
		case w.kind == oneToNine && next == quarter:
			emit(w.value*0.25, i+2)
		}
	case point, filler:
	}
	return dst
}
