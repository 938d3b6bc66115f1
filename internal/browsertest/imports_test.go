package browsertest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui"
)

// importing starts a site that imports and exports. Imports wait until the test
// runs them.
func importing(t *testing.T) (*browsertest.Site, *ingest.Service) {
	t.Helper()
	var imports *ingest.Service
	s := browsertest.Start(t, func(s *browsertest.Site, c *ui.Config) {
		current := func(ctx context.Context) (*catalog.Catalog, error) {
			now, _, err := c.Catalogs.CurrentVersion(ctx)
			return now, err
		}
		imports = ingest.New(ingest.Config{
			Pool: s.Pool, Dataset: exampletest.Dataset, Catalog: current,
			Checks: func(ctx context.Context) (func(lint.Subject) []lint.Finding, error) {
				now, err := current(ctx)
				if err != nil {
					return nil, err
				}
				l, err := lint.New(now)
				if err != nil {
					return nil, err
				}
				return l.Check, nil
			},
			Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n + 25, n },
		})
		c.Imports = imports
		c.Export = export.New(s.Pool, exampletest.Dataset, func(ctx context.Context) ([]string, error) {
			now, err := current(ctx)
			if err != nil {
				return nil, err
			}
			return now.Slugs(), nil
		})
	})
	return s, imports
}

// drop lets files fall onto the page.
func drop(tab *browsertest.Tab, files map[string]string) {
	var js strings.Builder
	js.WriteString("const dt = new DataTransfer();")
	for name, text := range files {
		fmt.Fprintf(&js, "dt.items.add(new File([%q], %q));", text, name)
	}
	js.WriteString(`document.querySelector("#import-drop").dispatchEvent(new DragEvent("drop", {dataTransfer: dt, bubbles: true, cancelable: true}))`)
	tab.Run(js.String())
}

// says is a condition: the page shows the text.
func says(text string) string {
	return fmt.Sprintf(`document.querySelector("main")?.innerText.includes(%q)`, text)
}

func row(category, ask, answer string) string {
	return fmt.Sprintf(`{"category":%q,"messages":[{"role":"user","content":%q},{"role":"assistant","content":%q}]}`+"\n", category, ask, answer)
}

// newest is the import that was begun last.
func newest(t *testing.T, imports *ingest.Service) uuid.UUID {
	t.Helper()
	runs, err := imports.List(t.Context(), uuid.Nil, 1)
	if err != nil || len(runs) == 0 {
		t.Fatalf("List() = %d imports, %v", len(runs), err)
	}
	return runs[0].ID
}

// TestImportByDropping brings a file in from the drop to the result, which the
// page shows by itself.
func TestImportByDropping(t *testing.T) {
	t.Parallel()
	s, imports := importing(t)
	tab := s.Open(t, account.Engineer)
	tab.Go("/imports/new")
	tab.Until(`!document.querySelector(".drop-word").hidden`)
	name := `<img src=x onerror="document.title='run'">.jsonl`
	drop(tab, map[string]string{name: row("", "Bench 225 for 5", "Logged.") + row("", "Bench 225 for 5", "Logged.") + "{broken\n"})
	tab.Until(says("do not say which category"))
	tab.Until(`document.querySelector("#import-send").disabled`)
	tab.Run(`document.querySelector("[data-category=voice_parsing]").click()`)
	tab.Until(says("All 3 rows: 2 can go in, 1 would be refused."))
	tab.Until(says("Bench 225 for 5"))
	if got := tab.Value(`document.querySelector("[name=category]").value`); got != "voice_parsing" {
		t.Errorf("the category is %q", got)
	}
	tab.Run(`document.querySelector("#import-send").click()`)
	tab.Until(`/^\/imports\/[0-9a-f-]{36}$/.test(location.pathname)`)
	tab.Until(says("Waiting for its turn."))
	if err := imports.Run(t.Context(), newest(t, imports)); err != nil {
		t.Fatal(err)
	}
	tab.Until(says("3 rows: 1 new, 1 duplicate, 1 refused")) // nobody reloads the page
	if title := tab.Value("document.title"); title == "run" {
		t.Error("the name of the file was run")
	}

	// The refused row is corrected in place.
	tab.Run(`document.querySelector("#rejects details").open = true`)
	tab.Run(fmt.Sprintf(`document.querySelector("#fix-rows").value = %q`, row("voice_parsing", "Squat 100", "Logged.")))
	tab.Run(`document.querySelector("#rejects form").requestSubmit()`)
	tab.Until(says("Waiting for its turn."))
	if err := imports.Run(t.Context(), newest(t, imports)); err != nil {
		t.Fatal(err)
	}
	tab.Until(says("1 row: 1 new, 0 duplicates, 0 refused"))
}

// TestImportSeveralFiles sends files one after the other, each with its own line.
func TestImportSeveralFiles(t *testing.T) {
	t.Parallel()
	s, imports := importing(t)
	tab := s.Open(t, account.Engineer)
	tab.Go("/imports/new")
	tab.Until(`!document.querySelector(".drop-word").hidden`)
	drop(tab, map[string]string{"one.jsonl": row("ai_coach", "q", "a"), "two.parquet": "PAR1....PAR1", "three.jsonl": row("ai_coach", "q3", "a")})
	const notes = `[...document.querySelectorAll(".import-line-note")].map((n) => n.innerText).join("|")`
	tab.Until(`document.querySelectorAll(".import-line").length === 3`)
	tab.Until(says("The one row can go in."))
	tab.Run(`document.querySelector("#import-send").click()`)
	tab.Until(`document.querySelectorAll(".import-line-note a").length === 2 && ` + notes + `.includes("Parquet")`)
	runs, err := imports.List(t.Context(), uuid.Nil, 10)
	if err != nil || len(runs) != 2 {
		t.Errorf("%d imports, %v; want 2", len(runs), err)
	}
}

// TestImportByMapping names fields in the preview.
func TestImportByMapping(t *testing.T) {
	t.Parallel()
	s, imports := importing(t)
	tab := s.Open(t, account.Lead)
	tab.Go("/imports/new?category=ai_coach")
	tab.Until(`!document.querySelector(".drop-word").hidden`)
	drop(tab, map[string]string{"words.json": `[{"frage":"Rest day?","antwort":{"text":"Yes."}}]`})
	tab.Until(`document.querySelector("#choose-user")`)
	choose := func(target, field string) {
		tab.Run(fmt.Sprintf(`const s = document.querySelector("#choose-%s"); s.focus(); s.value = %q; s.dispatchEvent(new Event("change", {bubbles: true}))`, target, field))
	}
	choose("user", "frage")
	tab.Until(`document.querySelector("#choose-user [value=frage]").hasAttribute("selected")`)
	if id := tab.Value("document.activeElement.id"); id != "choose-user" {
		t.Errorf("the focus went to %q", id)
	}
	choose("assistant", "antwort.text")
	tab.Until(says("The one row can go in."))
	tab.Run(`document.querySelector("#import-send").click()`)
	tab.Until(says("Waiting for its turn."))
	id := newest(t, imports)
	if err := imports.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	run, err := imports.Get(t.Context(), id)
	if err != nil || run.Inserted != 1 || run.Options.Mapping.Assistant != "antwort.text" {
		t.Errorf("import = %+v, %v", run, err)
	}
}

// TestImportPagesAreAccessible looks at every page of importing and downloading
// with axe, and leaves pictures behind.
func TestImportPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s, imports := importing(t)
	tab := s.Open(t, account.Admin)
	by := audit.Actor{Name: "Ana"}
	store := func(name, rows string) uuid.UUID {
		t.Helper()
		run, err := imports.Store(t.Context(), strings.NewReader(rows), ingest.Upload{Name: name, Channel: ingest.ChannelPage, By: by})
		if err != nil {
			t.Fatal(err)
		}
		return run.ID
	}
	bring := func(name, rows string) string {
		t.Helper()
		id := store(name, rows)
		if err := imports.Run(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return "/imports/" + id.String()
	}
	set := func(id uuid.UUID, what string) string {
		t.Helper()
		if _, err := s.Pool.Exec(t.Context(), "UPDATE import_runs SET "+what+" WHERE id = $1", id); err != nil {
			t.Fatal(err)
		}
		return "/imports/" + id.String()
	}
	look := func(name, path string, before func()) {
		t.Helper()
		for _, width := range []int64{browsertest.Desktop, browsertest.Tablet, browsertest.Phone} {
			tab.Size(width, 900)
			for _, scheme := range []string{"light", "dark"} {
				if width == browsertest.Tablet && scheme == "dark" {
					continue
				}
				tab.Scheme(scheme)
				tab.Go(path)
				tab.Until(`document.readyState === "complete"`)
				if before != nil {
					before()
				}
				tab.Axe()
				tab.Screenshot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
				if wide := browsertest.Eval[float64](tab, "document.documentElement.scrollWidth"); wide > float64(width) {
					t.Errorf("%s is %v px wide in a window of %d", name, wide, width)
				}
			}
		}
	}
	core, err := os.ReadFile(filepath.Join(browsertest.Root(t), "..", "shared", "data", "voicefit-injury-core.json"))
	if err != nil {
		t.Fatal(err)
	}
	look("imports-none", "/imports", nil)
	look("download-none", "/download", nil)
	look("import-new", "/imports/new", nil)
	look("import-problem", "/imports/new?format=mapped", nil)
	look("import-preview", "/imports/new", func() {
		drop(tab, map[string]string{"voicefit-injury-core.json": string(core)})
		tab.Until(says("All 50 rows can go in."))
	})
	look("import-category", "/imports/new", func() {
		drop(tab, map[string]string{"rows.jsonl": row("", "Bench 225 for 5", "Logged.") + "{broken\n"})
		tab.Until(says("do not say which category"))
	})
	look("import-fields", "/imports/new", func() {
		drop(tab, map[string]string{"words.json": `[{"frage":"Rest day?","antwort":{"text":"Yes."}}]`})
		tab.Until(`document.querySelector("#choose-user")`)
	})
	done := bring("voicefit-injury-core.json", string(core))
	again := bring("voicefit-injury-core (2).json", string(core))
	mixed := bring("mixed rows from the gym.jsonl", row("ai_coach", "How deep should I squat?", "As deep as you can.")+row("ai_coach", "How deep should I squat?", "As deep as you can.")+
		`{"messages":[{"role":"user","content":"cut off`+"\n"+row("swimming", "100 m", "Swim.")+"{\"messages\": 7}\n")
	failed := set(store("failed.jsonl", row("ai_coach", "f", "f")), "state = 'failed', rows = 1200, inserted = 1200, bytes_total = 9000000, bytes_read = 2100000, error = 'The disk of the database is full. Free some space, then resume the import; nothing that was committed is lost.'")
	interrupted := set(store("interrupted.jsonl", row("ai_coach", "i", "i")), "state = 'running', rows = 200000, inserted = 190000, duplicates = 10000, bytes_total = 900000000, bytes_read = 300000000, started_at = now() - interval '1 minute', heartbeat_at = now() - interval '1 hour'")
	running := set(store("running.jsonl", row("ai_coach", "r", "r")), "state = 'running', rows = 200000, inserted = 190000, duplicates = 10000, bytes_total = 900000000, bytes_read = 300000000, started_at = now() - interval '1 minute', heartbeat_at = now() + interval '1 hour'")
	if _, err := s.Pool.Exec(t.Context(), "UPDATE examples SET status = 'approved'"); err != nil {
		t.Fatal(err)
	}
	look("imports", "/imports", nil)
	look("import-done", done, nil)
	look("import-again", again, nil)
	look("import-duplicates", again+"/duplicates", nil)
	look("import-mixed", mixed, func() { tab.Run(`for (const d of document.querySelectorAll("#rejects details")) d.open = true`) })
	look("import-failed", failed, nil)
	look("import-interrupted", interrupted, nil)
	look("import-running", running, nil)
	look("download", "/download", nil)
}
