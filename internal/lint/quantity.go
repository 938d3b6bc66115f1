package lint

import (
	"math"
	"strings"
)

// What a quantity of running measures.
type measure uint8

const (
	distance measure = iota + 1 // in metres
	pace                        // in seconds for a metre
	duration                    // in seconds
	heat                        // in degrees Celsius
)

const (
	metresPerMile = 1609.344
	metresPerKm   = 1000.0
)

// A quantity is a distance, pace, duration or temperature in a text.
type quantity struct {
	measure    measure
	value      float64
	slack      float64 // how much of value rounding can explain: half its last digit
	miles      bool    // a distance or pace in miles
	loose      bool    // a pace whose unit is not said
	start, end int
}

// Names of units in talk about running.
var (
	distanceUnits = map[string]float64{
		"mi": metresPerMile, "mile": metresPerMile, "miles": metresPerMile, "miler": metresPerMile,
		"km": metresPerKm, "k": metresPerKm, "kms": metresPerKm, "kilometer": metresPerKm, "kilometers": metresPerKm, "kilometre": metresPerKm, "kilometres": metresPerKm, "ks": metresPerKm,
		"m": 1, "meter": 1, "meters": 1, "metre": 1, "metres": 1,
	}
	races = newPhrases("half marathon", "half-marathon", "marathon")
)

// appendQuantities appends the quantities in s, in their order.
func appendQuantities(dst []quantity, s string) []quantity {
	race := races.next(s, 0)
	for i := 0; i < len(s); {
		if race.phrase >= 0 && i >= race.start {
			dst = appendRace(dst, race)
			i = race.end
			race = races.next(s, race.end)
			continue
		}
		if !isDigit(s[i]) {
			i++
			continue
		}
		if i > 0 && (isWord(s[i-1]) || s[i-1] == '.') {
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			continue
		}
		q, end := quantityAt(s, i)
		if q.measure != 0 {
			dst = append(dst, q)
		}
		i = max(end, i+1)
	}
	return dst
}

func appendRace(dst []quantity, m match) []quantity {
	v := 42195.0
	if m.phrase < 2 {
		v = 21097.5
	}
	return append(dst, quantity{measure: distance, value: v, slack: 0, start: m.start, end: m.end})
}

// quantityAt reads the quantity that starts with the digit at byte i. Its
// measure is 0 where the number is something else.
func quantityAt(s string, i int) (quantity, int) {
	q := quantity{start: i}
	end := i
	for end < len(s) && (isDigit(s[end]) || s[end] == ':' && end+1 < len(s) && isDigit(s[end+1])) {
		end++
	}
	if strings.IndexByte(s[i:end], ':') >= 0 {
		sec, ok := parseClock(s[i:end])
		if !ok {
			return q, end
		}
		return clockQuantity(s, q, sec, end)
	}
	v, _, _ := digitsAt(s, i)
	slack := 0.5
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		from := end + 1
		v, end = fraction(v, s, from)
		slack = 0.5 * math.Pow(10, -float64(end-from))
	} else if end+3 < len(s) && s[end] == ',' && isDigit(s[end+1]) && isDigit(s[end+2]) && isDigit(s[end+3]) {
		more, _, last := digitsAt(s, end+1)
		v, end = v*1000+more, last
	}
	word, after := nextWord(s, end)
	q.end = after
	if metres, ok := lookup(distanceUnits, word); ok {
		if perUnit(s, after) {
			return q, after // miles per week, km per hour: a rate
		}
		q.measure, q.value, q.slack, q.miles = distance, v*metres, slack*metres, metres == metresPerMile
		return q, after
	}
	if u, ok := lookup(unitWords, word); ok && (u == minutes || u == seconds || u == hours) {
		return spokenTime(s, q, v, u, after)
	}
	if c, ok := degrees(s, end, v); ok {
		q.measure, q.value, q.end = heat, c, end
		return q, end
	}
	return q, end
}

// nextWord returns the word after byte i, over one blank or hyphen, and where
// it ends.
func nextWord(s string, i int) (string, int) {
	from := i
	if from < len(s) && (s[from] == ' ' || s[from] == '-') {
		from++
	}
	end := from
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end == from {
		return "", i
	}
	return s[from:end], end
}

// perUnit reports whether "per", "a" or a slash and a time follow at byte i.
func perUnit(s string, i int) bool {
	rest := strings.ToLower(s[i:min(len(s), i+12)])
	for _, p := range [...]string{" per ", "/week", "/wk", "/day", "/h", " a week", " a day", " each", " weekly", " an hour"} {
		if strings.HasPrefix(rest, p) {
			return true
		}
	}
	return false
}

// clockQuantity decides whether 8:30 is a pace or a time.
func clockQuantity(s string, q quantity, sec float64, end int) (quantity, int) {
	q.slack, q.end = 0.5, end
	at := end
	rest := strings.ToLower(s[at:min(len(s), at+24)])
	trimmed := strings.TrimLeft(rest, " ")
	skipped := len(rest) - len(trimmed)
	for _, p := range [...]struct {
		text   string
		metres float64
	}{
		{"per mile", metresPerMile},
		{"per mi", metresPerMile},
		{"/mile", metresPerMile},
		{"/mi", metresPerMile},
		{"min/mile", metresPerMile},
		{"min/mi", metresPerMile},
		{"minutes per mile", metresPerMile},
		{"a mile", metresPerMile},
		{"-mile pace", metresPerMile},
		{"min per mile", metresPerMile},
		{"minute mile", metresPerMile},
		{"per kilometer", metresPerKm},
		{"per kilometre", metresPerKm},
		{"per km", metresPerKm},
		{"per k", metresPerKm},
		{"/km", metresPerKm},
		{"/k", metresPerKm},
		{"min/km", metresPerKm},
		{"minutes per km", metresPerKm},
		{"minutes per kilometer", metresPerKm},
		{"a kilometer", metresPerKm},
		{"a km", metresPerKm},
		{"min per km", metresPerKm},
	} {
		if after, ok := strings.CutPrefix(trimmed, p.text); ok && (after == "" || !isWord(after[0])) {
			q.measure, q.value, q.slack, q.miles = pace, sec/p.metres, 0.5/p.metres, p.metres == metresPerMile
			q.end = end + skipped + len(p.text)
			return q, q.end
		}
	}
	before := strings.ToLower(s[max(0, q.start-16):q.start])
	if strings.HasPrefix(trimmed, "pace") || strings.HasPrefix(trimmed, "average pace") || strings.HasSuffix(before, "pace ") || strings.HasSuffix(before, "pace of ") || strings.HasSuffix(before, "averaged ") || strings.HasSuffix(before, "averaging ") {
		q.measure, q.value, q.loose = pace, sec, true // for an unknown unit
		return q, end
	}
	if strings.HasPrefix(trimmed, "am") || strings.HasPrefix(trimmed, "pm") || strings.HasPrefix(trimmed, "a.m") || strings.HasPrefix(trimmed, "p.m") || strings.HasPrefix(trimmed, "o'clock") {
		return quantity{}, end
	}
	q.measure, q.value = duration, sec
	return q, end
}

// spokenTime reads 42 minutes 30 seconds, 1 hour 5 minutes, or a pace such as 8
// minutes 30 per mile.
func spokenTime(s string, q quantity, v float64, u unit, end int) (quantity, int) {
	scale := map[unit]float64{seconds: 1, minutes: 60, hours: 3600}[u]
	total, slack := v*scale, scale/2
	for u != seconds {
		at := end
		for _, joint := range [...]string{" and ", ", ", " "} {
			if strings.HasPrefix(s[at:], joint) {
				at += len(joint)
				break
			}
		}
		if at >= len(s) || !isDigit(s[at]) {
			break
		}
		more, _, last := digitsAt(s, at)
		word, after := nextWord(s, last)
		next, ok := lookup(unitWords, word)
		if !ok || next != seconds && next != minutes || next == u {
			break
		}
		scale = map[unit]float64{seconds: 1, minutes: 60}[next]
		total, slack, end, u = total+more*scale, scale/2, after, next
	}
	word, after := nextWord(s, end)
	if strings.EqualFold(word, "per") || strings.EqualFold(word, "a") {
		if unit, last := nextWord(s, after); unit != "" {
			if m, ok := lookup(distanceUnits, unit); ok {
				q.measure, q.value, q.slack, q.miles, q.end = pace, total/m, slack/m, m == metresPerMile, last
				return q, last
			}
			return quantity{}, last // 30 minutes a day
		}
	}
	q.measure, q.value, q.slack, q.end = duration, total, slack, end
	return q, end
}

// degrees reads the unit of a temperature at byte i and returns it in Celsius.
func degrees(s string, i int, v float64) (float64, bool) {
	rest := strings.ToLower(strings.TrimLeft(s[i:min(len(s), i+14)], " "))
	marked := false
	for _, p := range [...]string{"°", "degrees", "degree", "deg"} {
		if after, ok := strings.CutPrefix(rest, p); ok {
			rest, marked = strings.TrimLeft(after, " "), true
			break
		}
	}
	switch {
	case !marked:
		return 0, false
	case strings.HasPrefix(rest, "c"):
		return v, true
	case strings.HasPrefix(rest, "f") || v > 50:
		return (v - 32) / 1.8, true
	}
	return v, true
}
