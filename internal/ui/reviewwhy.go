package ui

import (
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/web/templates"
)

// why says in plain words why an example comes now: what made it suspicious, and
// how much its kind lacks. It rests on what is known of any example, so that it
// says nothing about a hidden look.
func why(q queue, d browse.Detail, p report.Progress) string {
	if d.Status != example.Pending {
		return ""
	}
	if q.work != nil {
		return "a lead gave you this work."
	}
	if q.Order == review.OldestFirst {
		return "it is the oldest that waits."
	}
	var parts []string
	errors, warnings, duplicates := 0, 0, 0
	for _, f := range d.Findings {
		switch {
		case f.Severity == lint.Info:
		case strings.HasPrefix(f.Rule, "duplicate/"):
			duplicates++
		case f.Severity == lint.Error:
			errors++
		default:
			warnings++
		}
	}
	if errors > 0 {
		parts = append(parts, "the checks found "+counted(errors, "error", "errors"))
	}
	if duplicates > 0 {
		parts = append(parts, "it is much like another example")
	}
	if warnings > 0 && errors == 0 {
		parts = append(parts, "the checks warn of "+counted(warnings, "thing", "things"))
	}
	if d.Doubt > 0 {
		parts = append(parts, "the answer is less sure than its kind should be")
	}
	if text := shortage(d, p); text != "" {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "nothing speaks against it; it is next in line."
	}
	return strings.Join(parts, "; ") + "."
}

// shortage says how far the kind of d is from its plan.
func shortage(d browse.Detail, p report.Progress) string {
	i := slices.IndexFunc(p.Categories, func(c report.CategoryProgress) bool { return c.Slug == d.Category })
	if i < 0 {
		return ""
	}
	for _, sub := range p.Categories[i].Subcategories {
		if sub.Slug == d.Subcategory && sub.Planned > 0 && sub.Counts.Approved < int64(sub.Planned) {
			return "its kind, " + sub.Name + ", has " + number(sub.Counts.Approved) + " of " + number(sub.Planned) + " planned"
		}
	}
	return ""
}

// orderLink leads to the same queue in the other order.
func (q queue) orderLink() templates.Link {
	if q.work != nil {
		return templates.Link{}
	}
	if q.Order == review.OldestFirst {
		q.Order = review.BySuspicion
		return templates.Link{Label: "Most suspicious first", URL: q.url(nil)}
	}
	q.Order = review.OldestFirst
	return templates.Link{Label: "Oldest first", URL: q.url(nil)}
}
