package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/web/templates"
)

// number writes n with commas: 3,890.
func number[N int | int32 | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// counted writes n with its noun: "1 example", "3,890 examples".
func counted[N int | int32 | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// span writes a range with an en dash, or one number where both are the same.
func span(low, high int) string {
	if low == high {
		return number(low)
	}
	return number(low) + "–" + number(high)
}

// byteSize writes a size the way people compare files: 1.2 MB.
func byteSize(n int64) string {
	const unit = 1000
	if n < unit {
		return counted(n, "byte", "bytes")
	}
	size, names := float64(n)/unit, []string{"kB", "MB", "GB", "TB"}
	for size >= unit && len(names) > 1 {
		size, names = size/unit, names[1:]
	}
	if size < 10 {
		return fmt.Sprintf("%.1f %s", size, names[0])
	}
	return fmt.Sprintf("%.0f %s", size, names[0])
}

// moment writes t for people who look at it at now: how long ago where that is
// what they would say, else the day. The full time, in UTC, is in the tooltip.
func moment(t, now time.Time) templates.Time {
	if t.IsZero() {
		return templates.Time{Text: "never"}
	}
	t, now = t.UTC(), now.UTC()
	v := templates.Time{Machine: t.Format(time.RFC3339), Full: t.Format("Monday, 2 January 2006, 15:04:05 UTC")}
	ago := now.Sub(t)
	future := ago < 0
	if future {
		ago = -ago
	}
	days := int(now.Truncate(24*time.Hour).Sub(t.Truncate(24*time.Hour)) / (24 * time.Hour))
	switch {
	case ago < time.Minute && !future:
		v.Text = "just now"
	case ago < time.Hour && !future:
		v.Text = strconv.Itoa(int(ago.Minutes())) + "\u00a0min ago"
	case days == 0 && !future:
		v.Text = counted(int(ago.Hours()), "hour", "hours") + " ago"
	case days == 1:
		v.Text = "yesterday, " + t.Format("15:04")
	case t.Year() == now.Year():
		v.Text = t.Format("2 January, 15:04")
	default:
		v.Text = t.Format("2 January 2006")
	}
	return v
}

// stamp is moment for lists in which every row needs its exact time.
func stamp(t time.Time) templates.Time {
	v := moment(t, t)
	v.Text = t.UTC().Format("2006-01-02 15:04:05")
	return v
}

// initials are the first letters of the first and last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	first := func(w string) string {
		r, _ := utf8.DecodeRuneInString(w)
		return string(unicode.ToUpper(r))
	}
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return first(words[0])
	}
	return first(words[0]) + first(words[len(words)-1])
}
