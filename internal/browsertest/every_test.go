package browsertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/llama3"
	"github.com/voicefit/spotter/internal/quality"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/share"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/internal/webhook"
)

// parts are the services behind the pages of a whole site.
type parts struct {
	imports  *ingest.Service
	groups   *dedup.Service
	samples  *acceptance.Service
	releases *release.Service
}

// whole is a site with the pages of every part.
func whole(t *testing.T) (*browsertest.Site, *parts) {
	t.Helper()
	var have parts
	tokens, err := llama3.New()
	if err != nil {
		t.Fatal(err)
	}
	current := func(context.Context) (*catalog.Catalog, error) { return catalog.Default() }
	versioned := func(context.Context) (*catalog.Catalog, int, error) {
		c, err := catalog.Default()
		return c, 1, err
	}
	slugs := func(context.Context) ([]string, error) {
		c, err := catalog.Default()
		if err != nil {
			return nil, err
		}
		return c.Slugs(), nil
	}
	log := slog.New(slog.DiscardHandler)
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		work := assign.New(s.Pool, exampletest.Dataset, nil)
		have.samples = acceptance.New(s.Pool, exampletest.Dataset, work, nil)
		c.Assignments, c.Samples = work, have.samples
		c.Agreement = agreement.New(s.Pool, exampletest.Dataset)
		c.Quality = report.New(s.Pool, exampletest.Dataset, current)
		c.Rechecks = quality.New(quality.Config{DB: s.Pool, Dataset: exampletest.Dataset, Catalog: versioned, Log: log})
		c.Overview, c.Links = report.New(s.Pool, exampletest.Dataset, current), share.New(s.Pool, exampletest.Dataset, nil)
		have.groups = dedup.New(dedup.Config{DB: s.Pool, Dataset: exampletest.Dataset, Reject: rejecter{s.Reviews}, Catalog: current})
		c.Duplicates = have.groups
		c.Export = export.New(s.Pool, exampletest.Dataset, slugs)
		have.releases = release.New(release.Config{DB: s.Pool, Dataset: exampletest.Dataset, Catalog: versioned, Export: export.New(s.Pool, exampletest.Dataset, slugs), Dir: t.TempDir(), Log: log})
		c.Releases = have.releases
		c.Acts = bulk.New(bulk.Config{
			DB: s.Pool, Dataset: exampletest.Dataset, Browse: browse.New(s.Pool, exampletest.Dataset), Review: s.Reviews, Assign: work, Log: log, Catalog: current,
		})
		c.Hooks = webhook.New(webhook.Config{DB: s.Pool, Dataset: exampletest.Dataset, Log: log})
		have.imports = ingest.New(ingest.Config{
			Pool: s.Pool, Dataset: exampletest.Dataset, Catalog: current,
			Checks: func(context.Context) (func(lint.Subject) []lint.Finding, error) {
				return func(lint.Subject) []lint.Finding { return nil }, nil
			},
			Count: tokens.CountBoth,
		})
		c.Imports = have.imports
		c.Check, c.Count, c.Tokens = func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil }, tokens.CountBoth, tokens
	})
	return s, &have
}

// notPages are the addresses that answer with a file or a part of a page.
var notPages = regexp.MustCompile(`\.(csv|jsonl|json|md|zip|svg|png|html)$|/\*$|\{file\}$|/(progress|state|zip)$`)

// elsewhere names the test of this package that looks in the same way (inspect) at a
// page which needs more than TestEveryPageByKeyAndAxe has. That test fails for those
// of its rows that it did not look at.
var elsewhere = map[string]string{
	"/setup":                               "TestFirstPagesByKeyAndAxe", // it is gone once somebody has an account
	"/join/{token}":                        "TestFirstPagesByKeyAndAxe",
	"/webhooks/{id}/deliveries/{delivery}": "TestPagesThatAreMadeByKeyAndAxe",
	"/imports/{id}":                        "TestPagesThatAreMadeByKeyAndAxe",
	"/imports/{id}/duplicates":             "TestPagesThatAreMadeByKeyAndAxe",
	"/duplicates/{id}":                     "TestPagesThatAreMadeByKeyAndAxe",
	"/releases/{id}/diff":                  "TestPagesThatAreMadeByKeyAndAxe",
	"/sampling/{id}":                       "TestPagesThatAreMadeByKeyAndAxe",
}

// TestEveryPageByKeyAndAxe goes to every page that the server has: axe finds nothing
// on a desk in light and on a phone in dark, nothing is wider than the window, on a
// phone every button is high enough for a thumb, and by Tab one comes from the link
// that skips the navigation through everything to the end, seeing where one is. A new
// page without a row here fails it.
func TestEveryPageByKeyAndAxe(t *testing.T) {
	t.Parallel()
	s, _ := whole(t)
	ids := seedInjuries(t, s, 6)
	exampletest.Insert(t, s.Pool, 4, exampletest.Seed{})
	exampletest.Insert(t, s.Pool, 12, exampletest.Seed{Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(700 + i) }})
	tab := s.Open(t, account.Admin)
	longName(t, s, "admin@example.com")
	admin, err := s.Accounts.UserByEmail(t.Context(), "admin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	bo := s.Add(t, account.Reviewer, "bo@example.com")
	cy := s.Add(t, account.Reviewer, "cy@example.com")
	decide := func(i int, by account.User, verdict example.Verdict, reason string) {
		t.Helper()
		if _, err := s.Reviews.Decide(t.Context(), review.Decision{
			ExampleID: ids[i], Reviewer: audit.Actor{ID: by.ID, Name: by.Name}, Revision: 1, Verdict: verdict, Reason: reason,
		}); err != nil {
			t.Fatal(err)
		}
	}
	decide(0, bo, example.Escalate, "Is this a red flag?")
	decide(1, bo, example.Approve, "")
	decide(1, cy, example.Reject, "Too sure")

	// What is made by forms, and the page it leads to.
	post := func(path string, pairs ...string) string {
		t.Helper()
		var body strings.Builder
		for i := 0; i < len(pairs); i += 2 {
			fmt.Fprintf(&body, "[%q,%q],", pairs[i], pairs[i+1])
		}
		return tab.Value(fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams([%s])}).then((r) => r.ok ? new URL(r.url).pathname : "status " + r.status)`, path, body.String()))
	}
	first := func(list, under string) string {
		t.Helper()
		tab.Go(list)
		return tab.Value(fmt.Sprintf(`[...document.querySelectorAll("main a")].map((a) => new URL(a.href).pathname).find((p) => new RegExp("^%s/[0-9a-f-]{36}$").test(p)) ?? "none under %s"`, under, list))
	}
	post("/assignments", "what", "shelf:injury_analysis", "person", admin.ID.String(), "note", strings.Repeat("Long words. ", 30))
	post("/webhooks", "name", "CI", "url", "https://ci.example.org/"+strings.Repeat("a", 120), "event", "release.built")
	released := post("/releases", "name", "first", "splits", "train=0.9,validation=0.1")
	acted := post("/acts", "what", "all", "kind", "tag", "category", "injury_analysis")
	shared := tab.Value(`fetch("/dashboard/share", {method: "POST", body: new URLSearchParams([["name", "The board"], ["days", "7"]])}).then((r) => r.text()).then((t) => new URL(new DOMParser().parseFromString(t, "text/html").querySelector("#made").value).pathname)`)
	assigned := first("/assignments", "/assignments")

	ex := "/examples/" + ids[1].String()
	pages := map[string]string{
		"/": "/", "/dashboard/slide": "", "/digest": "", "/dashboard/share": "", "/shared/{token}": shared, "/help": "", "/login": "", "/account": "",
		"/account/work": "", "/account/compared": "", "/people": "", "/people/{id}/work": "/people/" + bo.ID.String() + "/work", "/people/{id}/activity": "/people/" + admin.ID.String() + "/activity",
		"/review": "", "/review/{category}": "/review/injury_analysis", "/review/assigned/{id}": "/review/assigned" + strings.TrimPrefix(assigned, "/assignments"),
		"/adjudicate": "", "/adjudicate/{id}": first("/adjudicate", "/adjudicate"), "/questions": "", "/questions/{id}": first("/questions", "/questions"),
		"/examples": "", "/examples/{id}": ex, "/examples/{id}/history": ex + "/history", "/examples/{id}/comments": ex + "/comments", "/examples/{id}/tokens": ex + "/tokens", "/names": "/names?q=a",
		"/assignments": "", "/assignments/new": "", "/assignments/{id}": assigned, "/inbox": "", "/imports": "", "/imports/new": "", "/quality": "", "/quality/recheck": "",
		"/duplicates": "", "/duplicates/obvious": "", "/releases": "", "/releases/new": "", "/releases/{id}": released, "/download": "", "/catalog": "", "/catalog/{slug}": "/catalog/injury_analysis",
		"/agreement": "", "/agreement/examples": "", "/acts": "", "/acts/{id}": acted, "/webhooks": "", "/webhooks/{id}": first("/webhooks", "/webhooks"), "/audit": "", "/sampling": "", "/sampling/new": "",
	}
	for _, route := range s.Table {
		_, here := pages[route.Pattern]
		_, there := elsewhere[route.Pattern]
		if route.Method == http.MethodGet && !here && !there && !notPages.MatchString(route.Pattern) {
			t.Errorf("nobody looks at the page %s: give it a row", route.Pattern)
		}
	}
	for pattern, path := range pages {
		if path == "" {
			path = pattern
		}
		if !strings.HasPrefix(path, "/") {
			t.Errorf("%s: there is none to look at: %s", pattern, path)
			continue
		}
		inspect(t, tab, pattern, func() { tab.Go(path) })
	}
}

// inspect looks at one page, which open brings up: with axe on a desk in light and on a
// phone in dark, for its width, for buttons that a thumb would miss, and by Tab.
func inspect(t *testing.T, tab *browsertest.Tab, pattern string, open func()) {
	t.Helper()
	for _, at := range []struct {
		width  int64
		scheme string
	}{{browsertest.Desktop, "light"}, {browsertest.Phone, "dark"}} {
		tab.Size(at.width, 900)
		tab.Scheme(at.scheme)
		open()
		tab.Until(`document.querySelector("h1") && document.readyState === "complete"`)
		tab.Axe()
		if at.width == browsertest.Phone {
			if low := tab.Value(lowButtons); low != "" {
				t.Errorf("%s: lower than 44 px on a phone: %s", pattern, low)
			}
			continue
		}
		fits(t, tab, pattern, at.width)
		walkByTab(t, tab, pattern)
	}
}

// lowButtons lists the buttons that are shown and lower than a thumb needs; what is
// there for password managers only is a few pixels high.
const lowButtons = `[...document.querySelectorAll("main :is(button, .button, select, input:not([type=checkbox], [type=radio], [type=hidden]))")]
	.filter((b) => b.checkVisibility({visibilityProperty: true}) && b.getBoundingClientRect().height > 8 && b.getBoundingClientRect().height < 43.5)
	.map((b) => (b.textContent.trim() || b.name) + " " + Math.round(b.getBoundingClientRect().height)).slice(0, 4).join("; ")`

// walkByTab presses Tab until the page ends or comes round, at most 60 times: focus
// moves on with each, is on something shown, and is seen there.
func walkByTab(t *testing.T, tab *browsertest.Tab, pattern string) {
	t.Helper()
	tab.Run(`document.activeElement?.blur(); window.walked = new Set()`)
	const step = `(() => {
		const a = document.activeElement;
		if (!a || a === document.body || a === document.documentElement) return "end";
		if (a.tabIndex < 0) return ""; // a script put it there, to be read out
		if (walked.has(a)) return a.matches("main *, a.skip") || walked.size > 1 ? "end" : "stuck";
		walked.add(a);
		const name = a.tagName + " " + (a.textContent.trim() || a.name || "").slice(0, 40), s = getComputedStyle(a), r = a.getBoundingClientRect();
		if (r.width < 1 || r.height < 1) return "focus is on what is not shown: " + name;
		const ring = (e) => e && getComputedStyle(e).outlineStyle !== "none" && parseFloat(getComputedStyle(e).outlineWidth) > 0;
		if (!ring(a) && !ring(a.closest("label")) && s.boxShadow === "none") return "focus is not seen on " + name;
		return "";
	})()`
	for range 60 {
		tab.Keys(kb.Tab)
		switch got := tab.Value(step); got {
		case "":
		case "end":
			if n := browsertest.Eval[int](tab, "walked.size"); n == 0 && pattern != "/shared/{token}" {
				t.Errorf("%s: Tab leads nowhere", pattern)
			}
			return
		default:
			t.Errorf("%s: %s", pattern, got)
			return
		}
	}
}
