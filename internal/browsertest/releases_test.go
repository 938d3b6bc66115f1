package browsertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/ui"
)

// TestReleasesInTheBrowser makes a release on the pages: the preview follows the
// form, red lines hold it, a lead lets them stand, the files are there; with axe in
// light and dark, on a desk and on a phone.
func TestReleasesInTheBrowser(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var releases *release.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		current := func(context.Context) (*catalog.Catalog, int, error) {
			c, err := catalog.Default()
			return c, 1, err
		}
		order := func(context.Context) ([]string, error) { return []string{"voice_parsing"}, nil }
		releases = release.New(release.Config{
			DB: s.Pool, Dataset: exampletest.Dataset, Catalog: current, Export: export.New(s.Pool, exampletest.Dataset, order), Dir: t.TempDir(),
			Log: slog.New(slog.DiscardHandler),
		})
		c.Releases = releases
	})
	tab := s.Open(t, account.Lead)
	look := func(name, path, ready string) {
		t.Helper()
		for _, width := range []int64{browsertest.Desktop, browsertest.Phone} {
			tab.Size(width, 1400)
			for _, scheme := range []string{"light", "dark"} {
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(ready)
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	look("releases-empty", "/releases", `document.querySelector(".empty")`)
	exampletest.Insert(t, s.Pool, 60, exampletest.Seed{Status: example.Approved}) // by nobody: a red line
	look("release-new", "/releases/new", `document.querySelector(".release-line.is-holding")`)

	tab.Size(browsertest.Desktop, 1400)
	tab.Go("/releases/new")
	tab.Run(`document.querySelector("[name=name]").value = "pilot <b>1</b>"`)
	tab.Run(`document.querySelector("form.release-new").submit()`)
	tab.Until(`document.querySelector(".problem")`) // no name has brackets
	tab.Run(`document.querySelector("[name=name]").value = "pilot 1"`)
	tab.Run(`document.querySelector("form.release-new").submit()`)
	tab.Until(`location.pathname.length > 20 && document.querySelector("#release-state")`)
	run := func() release.Release {
		t.Helper()
		all, err := releases.List(ctx, uuid.Nil, 1)
		if err != nil || len(all) != 1 {
			t.Fatalf("List() = %v, %v", all, err)
		}
		if err := releases.Run(ctx, all[0].ID); err != nil {
			t.Fatal(err)
		}
		r, err := releases.Get(ctx, all[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := run()
	at := "/releases/" + r.ID.String()
	look("release-held", at, `document.querySelector("#override")`)
	tab.Size(browsertest.Desktop, 1400)
	tab.Run(`document.querySelector("#override form, form#override").submit()`)
	tab.Until(`document.querySelector("#reason-problem")`) // a reason is needed
	tab.Run(`document.querySelector("#override textarea").value = "Approved on paper."`)
	tab.Run(`document.querySelector("form#override").submit()`)
	tab.Until(`!document.querySelector("#override")`)
	if r = run(); r.State != release.Built {
		t.Fatalf("the release is %s: %s", r.State, r.Error)
	}
	look("release", at, `document.querySelector("#files a[href$='train.jsonl']") && document.querySelector("#files a[href$='train.jsonl.gz']")`)
	if _, err := s.Pool.Exec(ctx, `INSERT INTO example_tags (dataset_id, tag, example_id, author_id) SELECT dataset_id, 'first wave', id, id FROM examples ORDER BY id LIMIT 7`); err != nil {
		t.Fatal(err)
	}
	tab.Size(browsertest.Desktop, 1400)
	tab.Go("/releases/new?tag=first+wave")
	tab.Until(`document.querySelector("#release-preview .figures dd").textContent.trim() == "7" && document.querySelector("[name=tag]").value == "first wave"`)
	exampletest.Insert(t, s.Pool, 5, exampletest.Seed{Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(5000 + i) }})
	newer, err := releases.Create(ctx, release.Order{Name: "pilot 2", Supersedes: "pilot 1", By: audit.Actor{Name: "Lea"}, Override: "also on paper"})
	if err != nil {
		t.Fatal(err)
	}
	if err := releases.Run(ctx, newer.ID); err != nil {
		t.Fatal(err)
	}
	look("release-diff", "/releases/"+newer.ID.String()+"/diff?with="+r.ID.String(), `document.querySelector(".release-change")`)
	look("releases", "/releases", `document.querySelector("table")`)
	var id uuid.UUID
	if err := s.Pool.QueryRow(ctx, `SELECT example_id FROM release_items LIMIT 1`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	tab.Go("/examples/" + id.String())
	tab.Until(`document.querySelector("#releases a[href^='/releases/']")`)
}
