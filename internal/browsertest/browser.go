package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/voicefit/spotter/internal/account"
)

// patience is how long a page may take for what a test waits for, on a machine
// that does other things too.
const patience = 30 * time.Second

// Sizes of the window that pages are looked at in.
const (
	Desktop = 1440
	Tablet  = 768
	Phone   = 390
)

// A Tab is one page in a browser of its own. Its methods fail the test.
type Tab struct {
	t    *testing.T
	ctx  context.Context
	site *Site
}

// Open starts a browser in which a new user of the role is signed in. It fails
// the test where there is no browser.
func (s *Site) Open(t *testing.T, role account.Role) *Tab {
	t.Helper()
	email := string(role) + "@example.com"
	if _, err := s.Accounts.UserByEmail(t.Context(), email); err != nil {
		s.Add(t, role, email)
	}
	tab := s.Browser(t)
	tab.Go("/login")
	tab.SignIn(email)
	return tab
}

// Browser starts a browser in which nobody is signed in.
func (s *Site) Browser(t *testing.T) *Tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.DisableGPU, chromedp.Flag("disable-component-update", true), chromedp.WindowSize(Desktop, 900),
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.UserDataDir(t.TempDir()),
	}
	options = append(chromedp.DefaultExecAllocatorOptions[:], options...)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // root has no sandbox to enter
	}
	// A context without the test's, which ends before its clean-up does.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	tab := &Tab{t: t, ctx: ctx, site: s}
	t.Cleanup(func() {
		if t.Failed() {
			tab.Screenshot("failed")
		}
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("stop the browser: %v", err)
		}
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(Desktop, 900)); err != nil {
		t.Fatalf("start a browser: %v (install Chromium, for example the package chromium)", err)
	}
	return tab
}

func (b *Tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// SignIn fills in the form of the login page, which is open.
func (b *Tab) SignIn(email string) {
	b.t.Helper()
	b.Run(fmt.Sprintf(`document.querySelector("[name=email]").value = %q; document.querySelector("[name=password]").value = %q`, email, Password))
	b.Run(`document.querySelector("main form").requestSubmit()`)
	b.Until(`!location.pathname.startsWith("/login") && document.readyState === "complete"`)
}

// Go opens a page of the site.
func (b *Tab) Go(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site.URL + path))
}

// Reload loads the page again, as the browser's button does.
func (b *Tab) Reload() {
	b.t.Helper()
	b.do(chromedp.Reload())
}

// Size changes the window.
func (b *Tab) Size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// Scheme chooses light or dark.
func (b *Tab) Scheme(name string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// Keys presses keys, one after the other, wherever the focus is. modifiers are
// held down meanwhile.
func (b *Tab) Keys(keys string, modifiers ...kb.Modifier) {
	b.t.Helper()
	var held kb.Modifier
	for _, m := range modifiers {
		held |= m
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			down, up := *events[0], *events[len(events)-1]
			// One event that types by itself, as keyboards send it: a page that
			// handles the key keeps the letter out of the field it moves to.
			// chromedp.KeyEvent sends the letter on its own.
			if len(events) == 3 && held&^kb.ModifierShift == 0 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, e := range []input.DispatchKeyEventParams{down, up} {
				e.Modifiers |= int64(held)
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Click presses and lets go of the mouse in the middle of an element, as a hand does:
// what lies there gets it.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	x, y := b.middle(selector)
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		if _, err := chromedp.Call(b.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// Tap touches the middle of an element with a finger.
func (b *Tab) Tap(selector string) {
	b.t.Helper()
	x, y := b.middle(selector)
	if _, err := chromedp.Call(b.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true}); err != nil {
		b.t.Fatal(err)
	}
	for _, touch := range []input.DispatchTouchEventParams{{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: x, Y: y}}}, {Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}}} {
		if _, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, touch); err != nil {
			b.t.Fatal(err)
		}
	}
}

// middle brings an element into sight and says where its middle is in the window.
func (b *Tab) middle(selector string) (x, y float64) {
	b.t.Helper()
	at := Eval[[]float64](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "nearest"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, selector))
	return at[0], at[1]
}

// SignOut takes the session's cookie away, as an expiry does: the page does not
// know.
func (b *Tab) SignOut() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		b.t.Fatal(err)
	}
}

// Before runs JavaScript in every page before its own scripts.
func (b *Tab) Before(js string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: js}); err != nil {
		b.t.Fatal(err)
	}
}

// Offline cuts the connection to the server, or brings it back.
func (b *Tab) Offline(off bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	conditions := []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: conditions,
	}); err != nil {
		b.t.Fatal(err)
	}
}

// Value evaluates JavaScript to a string.
func (b *Tab) Value(js string) string {
	b.t.Helper()
	return Eval[string](b, js)
}

// Run executes JavaScript statements.
func (b *Tab) Run(js string) {
	b.t.Helper()
	Eval[bool](b, "(() => {"+js+"; return true})()")
}

// Eval evaluates JavaScript, promises included.
func Eval[T any](b *Tab, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", js, err)
	}
	return v
}

// Until waits until a JavaScript expression is true, across navigations. It is
// asked only of pages that have a body by now.
func (b *Tab) Until(js string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
			"(async () => { while (!(document.body && ("+js+"))) await new Promise((go) => setTimeout(go, 5)); return true })()", chromedp.EvalAwaitPromise))
		var script *chromedp.ExceptionError
		if err == nil {
			return
		}
		if errors.As(err, &script) {
			b.t.Fatalf("wait until %s: %v", js, err)
		}
		// Otherwise the page went away under the expression: ask the next one.
	}
	b.t.Fatalf("%s is not so after %v; the page says:\n%s", js, patience, b.text())
}

// text is what the page shows, for messages of failed tests.
func (b *Tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText ?? document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return s
}

// Screenshot writes a picture of what the window shows into the test's artifacts.
func (b *Tab) Screenshot(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		b.t.Errorf("screenshot %s: %v", name, err)
		return
	}
	path := filepath.Join(b.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, shot.Data, 0o600); err != nil {
		b.t.Errorf("screenshot %s: %v", name, err)
		return
	}
	if b.t.Failed() {
		b.t.Logf("screenshot: %s", path)
	}
}

// violation is what axe finds wrong.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// PDF prints the page as its style sheets ask for, backgrounds left out as browsers do,
// and returns the file with its number of pages.
func (b *Tab) PDF(name string) (file []byte, pages int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	printed, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	if err != nil {
		b.t.Fatalf("print %s: %v", name, err)
	}
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".pdf"), printed.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
	file = printed.Data
	return file, bytes.Count(file, []byte("/Type /Page\n")) + bytes.Count(file, []byte("/Type /Page/")) + bytes.Count(file, []byte("/Type/Page/"))
}

// Axe fails the test for everything that axe-core finds wrong with the page.
func (b *Tab) Axe() {
	b.t.Helper()
	if !Eval[bool](b, `"axe" in window`) {
		code, err := os.ReadFile(filepath.Join(Root(b.t), "web", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			b.t.Fatalf("read axe-core: %v (run npm ci --prefix web)", err)
		}
		b.Run(string(code))
	}
	var found []violation
	text := b.Value(`axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range found {
		var nodes []string
		for _, n := range v.Nodes {
			nodes = append(nodes, n.HTML+"\n    "+strings.ReplaceAll(n.Summary, "\n", "\n    "))
		}
		b.t.Errorf("%s: %s (%s)\n  %s", b.Value("location.pathname"), v.Help, v.ID, strings.Join(nodes, "\n  "))
	}
}

// Root is the folder of the module.
func Root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no go.mod above the working directory")
		}
		dir = up
	}
}
