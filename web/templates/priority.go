package templates

import "strings"

// urgency is a priority of the catalog, P0 to P9, in words.
func urgency(priority string) string {
	switch priority {
	case "P0":
		return "most urgent"
	case "P1":
		return "next"
	}
	n := strings.TrimPrefix(priority, "P")
	if len(n) != 1 || n[0] < '2' || n[0] > '9' {
		return "priority"
	}
	return "after P" + string(n[0]-1)
}
