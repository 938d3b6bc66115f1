package lint

import (
	"fmt"
	"math"
)

// clockText writes seconds as m:ss or h:mm:ss, rounded to whole seconds.
func clockText(seconds float64) string {
	n := int(math.Round(seconds))
	if n < 3600 {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}

// parseClock reads m:ss or h:mm:ss in seconds.
func parseClock(s string) (float64, bool) {
	total, part, digits, parts := 0, 0, 0, 1
	for i := range len(s) {
		switch {
		case isDigit(s[i]) && digits < 4:
			part = part*10 + int(s[i]-'0')
			digits++
		case s[i] == ':' && digits > 0 && parts < 3:
			total, part, digits, parts = (total+part)*60, 0, 0, parts+1
		default:
			return 0, false
		}
	}
	if parts < 2 || digits != 2 || part > 59 {
		return 0, false
	}
	return float64(total + part), true
}
