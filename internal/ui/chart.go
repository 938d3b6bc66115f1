package ui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/web/templates"
)

// statuses are drawn in this order: what is done, what is in people's hands,
// what is left, what is out.
var statuses = []example.Status{example.Approved, example.Escalated, example.Pending, example.Rejected}

// thinnest is how wide, in percent, the smallest part of a bar is drawn: a
// status with one example in a million must still be seen.
const thinnest = 0.5

// percent writes part of whole as a percentage for an SVG attribute, between
// "0.00%" and "100.00%".
func percent(part, whole float64) string {
	if whole <= 0 {
		return "0.00%"
	}
	return strconv.FormatFloat(100*min(max(part/whole, 0), 1), 'f', 2, 64) + "%"
}

// stackedBar draws counts by status on a bar that is as long as the target or
// all examples, whichever is more. url says where each status leads. Without a
// target low and high are 0.
func stackedBar(counts report.Counts, low, high int, url func(example.Status) string) templates.StackedBar {
	scale := float64(max(counts.Total(), int64(high)))
	widths := make([]float64, len(statuses))
	var sum float64
	for i, status := range statuses {
		if n := counts.Of(status); n > 0 {
			widths[i] = max(float64(n), scale*thinnest/100)
		}
		sum += widths[i]
	}
	if sum > scale { // what the thin ones were given comes off the widest
		widths[slices.Index(widths, slices.Max(widths))] -= sum - scale
	}
	var (
		bar   templates.StackedBar
		words []string
		at    float64
	)
	for i, status := range statuses {
		n := counts.Of(status)
		words = append(words, number(n)+" "+string(status))
		bar.Segments = append(bar.Segments, templates.Segment{
			Status: string(status), Label: string(status), Count: number(n),
			Offset: percent(at, scale), Width: percent(widths[i], scale), URL: url(status),
		})
		at += widths[i]
	}
	bar.Text = strings.Join(words, ", ")
	if high > 0 {
		bar.TargetMin, bar.TargetMax = percent(float64(low), scale), percent(float64(high), scale)
		bar.Text += "; the target is " + span(low, high) + " approved"
	}
	bar.Text += "."
	return bar
}

// planBar draws how much of a plan is done. Without a plan there is no bar.
func planBar(approved int64, planned int) templates.TargetBar {
	if planned == 0 {
		return templates.TargetBar{}
	}
	scale := float64(max(approved, int64(planned)))
	bar := templates.TargetBar{
		Text:   number(approved) + " of " + number(planned) + " approved.",
		Status: "approved",
		Width:  percent(float64(approved), scale),
	}
	if approved > int64(planned) {
		bar.Target = percent(float64(planned), scale)
	}
	return bar
}

// distance says in words how far approved is from its target.
func distance(approved int64, low, high int) string {
	switch {
	case approved < int64(low):
		return number(int64(low)-approved) + " to go"
	case approved <= int64(high):
		return "on target"
	default:
		return number(approved-int64(high)) + " over"
	}
}
