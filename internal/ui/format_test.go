package ui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/templates"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 3890: "3,890", 123456: "123,456", 1000000: "1,000,000", -1234: "−1,234",
	} {
		if got := ui.Number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 3890: "3,890 rows"} {
		if got := ui.Counted(n, "row", "rows"); got != want {
			t.Errorf("counted(%d) = %q, want %q", n, got, want)
		}
	}
	if got := ui.Span(800, 1200) + " " + ui.Span(825, 825); got != "800–1,200 825" {
		t.Errorf("span = %q", got)
	}
}

func TestByteSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 908066: "908 kB", 1_234_567: "1.2 MB", 10_000_000_000: "10 GB", 5_000_000_000_000_000: "5000 TB",
	} {
		if got := ui.ByteSize(n); got != want {
			t.Errorf("byteSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"never", time.Time{}, "never"},
		{"now", now, "just now"},
		{"minutes", now.Add(-59 * time.Minute), "59\u00a0min ago"},
		{"an hour", now.Add(-61 * time.Minute), "1 hour ago"},
		{"this morning", now.Add(-14 * time.Hour), "14 hours ago"},
		{"yesterday", now.Add(-16 * time.Hour), "yesterday, 23:00"},
		{"this year", now.AddDate(0, -1, 0), "22 October, 15:00"},
		{"long ago", now.AddDate(-1, 0, 0), "22 November 2025"},
		{"soon", now.Add(2 * time.Hour), "22 November, 17:00"},
		{"next year", now.AddDate(0, 3, 0), "22 February 2027"},
		{"in another zone", now.Add(-2 * time.Hour).In(time.FixedZone("far", 13*3600)), "2 hours ago"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ui.Moment(tt.at, now); got.Text != tt.want {
				t.Errorf("moment(%s) = %q, want %q", tt.at, got.Text, tt.want)
			}
		})
	}
	want := templates.Time{Machine: "2026-11-22T15:00:00Z", Text: "just now", Full: "Sunday, 22 November 2026, 15:00:00 UTC"}
	if diff := cmp.Diff(want, ui.Moment(now, now)); diff != "" {
		t.Errorf("moment (-want +got):\n%s", diff)
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "?", "ana": "A", "Jo Lindqvist": "JL", "Mira C. de la Fuente": "MF", "élodie öz": "ÉÖ", "  x  ": "X",
	} {
		if got := ui.Initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "Unknown",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0":               "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36":                            "Chrome on Android",
		"curl/8.5.0":         "curl",
		"Go-http-client/1.1": "Some other program",
	} {
		if got := ui.Device(agent); got != want {
			t.Errorf("device(%q) = %q, want %q", agent, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		part, whole float64
		want        string
	}{
		{0, 0, "0.00%"}, {1, 0, "0.00%"}, {1, 3, "33.33%"}, {5, 5, "100.00%"}, {6, 5, "100.00%"}, {-1, 5, "0.00%"},
	} {
		if got := ui.Percent(tt.part, tt.whole); got != tt.want {
			t.Errorf("percent(%v, %v) = %q, want %q", tt.part, tt.whole, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for approved, want := range map[int64]string{0: "800 to go", 799: "1 to go", 800: "on target", 1200: "on target", 1300: "100 over"} {
		if got := ui.Distance(approved, 800, 1200); got != want {
			t.Errorf("distance(%d) = %q, want %q", approved, got, want)
		}
	}
}

func TestStackedBar(t *testing.T) {
	t.Parallel()
	url := func(s example.Status) string { return "/" + string(s) }
	got := ui.Stacked(report.Counts{Approved: 50, Pending: 25, Rejected: 0, Escalated: 0}, 80, 100, url)
	want := templates.StackedBar{
		Text: "50 approved, 0 escalated, 25 pending, 0 rejected; the target is 80–100 approved.",
		Segments: []templates.Segment{
			{Status: "approved", Label: "approved", Count: "50", Offset: "0.00%", Width: "50.00%", URL: "/approved"},
			{Status: "escalated", Label: "escalated", Count: "0", Offset: "50.00%", Width: "0.00%", URL: "/escalated"},
			{Status: "pending", Label: "pending", Count: "25", Offset: "50.00%", Width: "25.00%", URL: "/pending"},
			{Status: "rejected", Label: "rejected", Count: "0", Offset: "75.00%", Width: "0.00%", URL: "/rejected"},
		},
		TargetMin: "80.00%", TargetMax: "100.00%",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stackedBar (-want +got):\n%s", diff)
	}
	// One in a million is still seen, at either end, and nothing reaches over it.
	got = ui.Stacked(report.Counts{Approved: 999_999, Rejected: 1}, 0, 0, url)
	if last := got.Segments[3]; last.Offset != "99.50%" || last.Width != "0.50%" || got.TargetMin != "" {
		t.Errorf("one in a million is drawn at %s, %s wide, target %q; want 99.50%%, 0.50%%, none", last.Offset, last.Width, got.TargetMin)
	}
	got = ui.Stacked(report.Counts{Approved: 1, Pending: 999_999}, 0, 0, url)
	if got.Segments[0].Width != "0.50%" || got.Segments[2].Offset != "0.50%" || got.Segments[2].Width != "99.50%" {
		t.Errorf("one in a million is drawn %s wide, the rest %s wide at %s", got.Segments[0].Width, got.Segments[2].Width, got.Segments[2].Offset)
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"": "/", "/": "/", "/people": "/people", "/examples?status=pending&q=a+b": "/examples?status=pending&q=a+b",
		"people": "/", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "/\t/evil.example": "/",
		"javascript:alert(1)": "/", "///evil.example": "/", "/%0a/x": "/%0a/x", "\n/x": "/", "http:/x": "/",
	} {
		if got := ui.LocalPath(next); got != want {
			t.Errorf("localPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, source, want, not string }{
		{"bold", "**x**", "<strong>x</strong>", ""},
		{"headings go below the page's", "# One\n\n## Two", "<h3>One</h3>\n<h4>Two</h4>", "<h1"},
		{"list", "- a\n- b", "<li>a</li>", ""},
		{"table", "|a|b|\n|-|-|\n|1|2|", "<td>1</td>", "style"},
		{"numbered from", "3. x", `<ol start="3">`, ""},
		{"link", "[x](https://example.com/)", `href="https://example.com/" rel="nofollow noreferrer"`, ""},
		{"script", "<script>alert(1)</script>", "", "<script"},
		{"html", `a <b onclick="x()">b</b>`, "a ", "<b"},
		{"script link", "[x](javascript:alert(1))", "x", "javascript"},
		{"data link", "[x](data:text/html,y)", "x", "data:"},
		{"encoded script link", "[x](java&#115;cript:alert(1))", "x", "script"},
		{"picture", "![x](https://evil.example/p.png)", "", "<img"},
		{"comparison", "1 < 2 & 3", "1 &lt; 2 &amp; 3", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ui.Markdown(tt.source)
			if err != nil || !strings.Contains(got, tt.want) || tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("markdown(%q) = %q, %v; want %q and not %q in it", tt.source, got, err, tt.want, tt.not)
			}
		})
	}
}

func TestSlugOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Same-weight reference": "same_weight_reference", "": "item", "3 sets": "item_3_sets", "Überlastung": "berlastung",
		strings.Repeat("ab ", 40): strings.TrimSuffix(strings.Repeat("ab_", 16), "_"),
	} {
		if got := ui.SlugOf(text); got != want {
			t.Errorf("slugOf(%q) = %q, want %q", text, got, want)
		}
	}
}
