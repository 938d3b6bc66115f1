package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browsertest"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/webhook"
)

// everyOne fails the test for the pages that elsewhere promises of it and that it did
// not look at.
func everyOne(t *testing.T, looked []string) {
	t.Helper()
	for pattern, test := range elsewhere {
		if test == t.Name() && !slices.Contains(looked, pattern) {
			t.Errorf("nobody looked at %s", pattern)
		}
	}
}

// TestFirstPagesByKeyAndAxe makes the first admin and joins by an invitation with the
// keyboard alone, mistakes included, and looks at each of these pages and at what they
// say of a mistake as TestEveryPageByKeyAndAxe does at the others.
func TestFirstPagesByKeyAndAxe(t *testing.T) {
	t.Parallel()
	s := browsertest.Start(t, nil)
	token, needed, err := s.Accounts.EnsureSetup(t.Context())
	if err != nil || !needed {
		t.Fatalf("EnsureSetup() = %v, %v", needed, err)
	}
	tab := s.Browser(t)
	const ready = `document.readyState === "complete" && document.activeElement?.name === "name"`
	const problem = `document.querySelector("#password-problem") && document.querySelector("[role=alert]")`
	setup := "/setup?token=" + token
	open := func(path string) func() {
		return func() {
			tab.Go(path)
			tab.Until(ready) // the first field has the focus
		}
	}
	inspect(t, tab, "/setup", open(setup))
	// By keys, with a password that is too short: what was typed stays, and the page says what is wrong.
	wrongSetup := func() {
		open(setup)()
		tab.Keys("Ana Admin" + kb.Tab + "admin@example.com" + kb.Tab + "short" + kb.Enter)
		tab.Until(problem)
	}
	inspect(t, tab, "/setup with a mistake", wrongSetup)
	tab.Size(browsertest.Desktop, 900)
	wrongSetup()
	if got := tab.Value(`document.querySelector("[name=email]").value + " " + document.querySelector("[name=password]").getAttribute("aria-describedby")`); !strings.HasPrefix(got, "admin@example.com ") || !strings.Contains(got, "password-problem") {
		t.Errorf("after a mistake the form says %q", got)
	}
	inspect(t, tab, "/setup without its token", func() { tab.Go("/setup?token=wrong") })
	tab.Size(browsertest.Desktop, 900)
	open(setup)()
	tab.Keys("Ana Admin" + kb.Tab + "admin@example.com" + kb.Tab + browsertest.Password + kb.Enter)
	tab.Until(`location.pathname === "/" && document.readyState === "complete"`)

	admin, err := s.Accounts.UserByEmail(t.Context(), "admin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	invited, err := s.Accounts.Invite(t.Context(), admin.Actor(), "lea@example.com", account.Reviewer)
	if err != nil {
		t.Fatal(err)
	}
	tab.SignOut()
	join := "/join/" + invited
	inspect(t, tab, "/join/{token}", open(join))
	wrongJoin := func() {
		open(join)()
		tab.Keys("Lea" + kb.Tab + kb.Tab + "short" + kb.Enter)
		tab.Until(problem)
	}
	inspect(t, tab, "/join/{token} with a mistake", wrongJoin)
	inspect(t, tab, "/join/{token} of no invitation", func() { tab.Go("/join/nobody") })
	tab.Size(browsertest.Desktop, 900)
	open(join)()
	tab.Keys("Lea" + kb.Tab + kb.Tab + browsertest.Password + kb.Enter)
	tab.Until(`location.pathname === "/" && document.readyState === "complete"`)
	everyOne(t, []string{"/setup", "/join/{token}"})
}

// TestPagesThatAreMadeByKeyAndAxe looks at the pages of things that take more than a
// form to make, as TestEveryPageByKeyAndAxe does at the others: an import and what it
// held twice, a group of duplicates, two releases side by side, a sample, a delivery.
func TestPagesThatAreMadeByKeyAndAxe(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, have := whole(t)
	tab := s.Open(t, account.Admin)
	admin, err := s.Accounts.UserByEmail(ctx, "admin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	by := audit.Actor{ID: admin.ID, Name: admin.Name}
	run, err := have.imports.Store(ctx, strings.NewReader(row("voice_parsing", "squat 300 for 5", "ok")+row("voice_parsing", "squat 300 for 5", "ok")+row("voice_parsing", "um squat 300 for 5", "ok")+"{broken\n"),
		ingest.Upload{Name: "rows <b>.jsonl", Channel: ingest.ChannelPage, By: by})
	if err != nil {
		t.Fatal(err)
	}
	if err := have.imports.Run(ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := have.groups.Scan(ctx); err != nil {
		t.Fatal(err)
	}
	var group uuid.UUID
	if err := s.Pool.QueryRow(ctx, "SELECT id FROM duplicate_groups LIMIT 1").Scan(&group); err != nil {
		t.Fatal(err)
	}
	sample, err := have.samples.Draw(ctx, by, acceptance.Request{
		Name: "first look", Batch: acceptance.Batch{Kind: acceptance.Import, Key: run.ID.String(), Scope: acceptance.Waiting},
		Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Bad: 0.1, Confidence: 0.95}, Everybody: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	var releases []uuid.UUID
	for i, name := range []string{"one", "two"} {
		exampletest.Insert(t, s.Pool, 4, exampletest.Seed{Status: example.Approved, Conversation: func(n int) example.Conversation { return exampletest.Conversation(100*i + n) }})
		made, err := have.releases.Create(ctx, release.Order{Name: name, By: by, Override: "on paper"})
		if err != nil {
			t.Fatal(err)
		}
		if err := have.releases.Run(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
		releases = append(releases, made.ID)
	}
	tab.Go("/webhooks")
	tab.Run(`document.querySelector("[name=name]").value = "CI"; document.querySelector("[name=url]").value = "https://ci.example.org/spotter"; document.querySelector("[value='release.built']").checked = true`)
	tab.Run(`document.querySelector("[name=url]").form.requestSubmit()`)
	tab.Until(`document.querySelector("main")?.innerText.includes("whsec_") || [...document.querySelectorAll("input")].some((e) => e.value.startsWith("whsec_"))`)
	if err := postgres.InTx(ctx, s.Pool, func(tx pgx.Tx) error {
		return webhook.Emit(ctx, tx, exampletest.Dataset, webhook.ReleaseBuilt, map[string]string{"name": strings.Repeat("a long name ", 30)})
	}); err != nil {
		t.Fatal(err)
	}
	var endpoint, delivery uuid.UUID
	if err := s.Pool.QueryRow(ctx, "SELECT endpoint_id, id FROM webhook_deliveries LIMIT 1").Scan(&endpoint, &delivery); err != nil {
		t.Fatal(err)
	}
	var looked []string
	for pattern, path := range map[string]string{
		"/imports/{id}":                        "/imports/" + run.ID.String(),
		"/imports/{id}/duplicates":             "/imports/" + run.ID.String() + "/duplicates",
		"/duplicates/{id}":                     "/duplicates/" + group.String(),
		"/sampling/{id}":                       "/sampling/" + sample.String(),
		"/releases/{id}/diff":                  fmt.Sprintf("/releases/%s/diff?with=%s", releases[1], releases[0]),
		"/webhooks/{id}/deliveries/{delivery}": fmt.Sprintf("/webhooks/%s/deliveries/%s", endpoint, delivery),
	} {
		inspect(t, tab, pattern, func() { tab.Go(path) })
		if at := tab.Value("location.pathname"); !strings.HasPrefix(path, at) || browsertest.Eval[bool](tab, `document.querySelector(".problem-page") !== null`) {
			t.Errorf("%s: the browser is at %s", pattern, at)
		}
		looked = append(looked, pattern)
	}
	everyOne(t, looked)
	wrong := func() {
		tab.Go("/webhooks/" + endpoint.String())
		tab.Run(`const f = document.querySelector("main form [name=url]"); f.form.noValidate = true; f.value = "http://ci.example.org/"; f.form.requestSubmit()`)
		tab.Until(`document.querySelector("#url-problem")`)
	}
	inspect(t, tab, "/webhooks/{id} with a mistake", wrong)
}
