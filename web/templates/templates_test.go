package templates_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"github.com/voicefit/spotter/web/static"
	"github.com/voicefit/spotter/web/templates"
)

func render(t *testing.T, c templ.Component) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostile is what somebody might put into any text that ends up on a page.
var hostile = []string{
	`"><script>alert(1)</script><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)' x='`,
	`</textarea></title></svg><svg onload=alert(1)>`,
	`javascript:alert(1)`,
	"  JaVaScRiPt:alert(1)",
	`data:text/html,<script>alert(1)</script>`,
	`{{constructor.constructor('alert(1)')()}}`,
}

// markup are fields that hold HTML by contract: Markdown that the handlers render
// and clean, and drawings of package chart. The tests of both say so.
var markup = map[string]bool{"HTML": true, "Guidelines": true, "Wide": true, "Narrow": true}

// fill puts text into every string reachable from v, makes every slice two
// long, every pointer point and every flag true. What can hold itself does so
// once: above are the types that v lies in.
func fill(v reflect.Value, text string, above ...reflect.Type) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(3)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, above...)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), text, above...)
		}
	case reflect.Struct:
		inside := 0
		for _, t := range above {
			if t == v.Type() {
				inside++
			}
		}
		if inside == 2 {
			return
		}
		for i := range v.NumField() {
			if markup[v.Type().Field(i).Name] {
				continue
			}
			fill(v.Field(i), text, append(slices.Clip(above), v.Type())...)
		}
	default:
		panic(fmt.Sprintf("a view model has a %s, which is not for display", v.Type()))
	}
}

func filled[V any](text string) V {
	var v V
	fill(reflect.ValueOf(&v).Elem(), text)
	return v
}

// page is a frame whose every text is hostile. Styles and Modules are names of
// files in the program, never data.
func page(text string) templates.Page {
	p := filled[templates.Page](text)
	p.Styles, p.Modules = nil, nil
	return p
}

// pages lists every page with every field of its view model filled.
func pages(text string) map[string]templ.Component {
	tokens := filled[templates.Tokens](text)
	tokens.Problem = ""
	return map[string]templ.Component{
		"login":         templates.LoginPage(page(text), filled[templates.Login](text)),
		"setup":         templates.SetupPage(page(text), filled[templates.Setup](text)),
		"join":          templates.JoinPage(page(text), filled[templates.Join](text)),
		"account":       templates.AccountPage(page(text), filled[templates.Account](text)),
		"people":        templates.PeoplePage(page(text), filled[templates.People](text)),
		"record":        templates.AuditPage(page(text), filled[templates.Audit](text)),
		"dashboard":     templates.DashboardPage(page(text), filled[templates.Dashboard](text)),
		"help":          templates.HelpPage(page(text), filled[templates.Help](text)),
		"catalog":       templates.CatalogListPage(page(text), filled[templates.CatalogList](text)),
		"category":      templates.CatalogCategoryPage(page(text), filled[templates.CatalogCategory](text)),
		"imports":       templates.ImportsPage(page(text), filled[templates.Imports](text)),
		"import":        templates.ImportPage(page(text), filled[templates.Import](text)),
		"upload":        templates.ImportNewPage(page(text), filled[templates.ImportForm](text)),
		"doubles":       templates.ImportDuplicatesPage(page(text), templates.ImportDuplicates{Name: text, Rows: filled[[]templates.ImportDuplicate](text)}),
		"download":      templates.DownloadPage(page(text), filled[templates.Download](text)),
		"quality":       templates.QualityPage(page(text), filled[templates.Quality](text)),
		"copies":        templates.DuplicatesPage(page(text), filled[templates.Duplicates](text)),
		"obvious":       templates.ObviousDuplicatesPage(page(text), filled[templates.ObviousDuplicates](text)),
		"tokens":        templates.TokensPage(page(text), tokens),
		"checked":       templates.CheckedFindings(filled[templates.Checked](text)),
		"waivers":       templates.WaiversCard(filled[templates.Waivers](text)),
		"problem":       templates.ProblemPage(page(text), filled[templates.Problem](text)),
		"act":           templates.ActPage(page(text), filled[templates.ManyAct](text)),
		"acts":          templates.ActsPage(page(text), filled[templates.Acts](text)),
		"agreement":     templates.AgreementPage(page(text), filled[templates.Agreement](text)),
		"compared":      templates.ComparedPage(page(text), filled[templates.Compared](text)),
		"work":          templates.WorkPage(page(text), filled[templates.Work](text)),
		"assignments":   templates.AssignmentsPage(page(text), filled[templates.Assignments](text)),
		"assignment":    templates.AssignmentPage(page(text), filled[templates.AssignmentView](text)),
		"assign":        templates.AssignPage(page(text), filled[templates.AssignmentForm](text)),
		"comments":      templates.CommentsPage(page(text), filled[templates.CommentsView](text)),
		"names":         templates.NamesPage(page(text), filled[templates.Names](text)),
		"digest":        templates.DigestPage(page(text), filled[templates.Digest](text)),
		"shares":        templates.SharesPage(page(text), filled[templates.Shares](text)),
		"copies of one": templates.DuplicateGroupPage(page(text), filled[templates.DuplicateGroupView](text)),
		"history":       templates.HistoryPage(page(text), filled[templates.HistoryView](text)),
		"hooks":         templates.HooksPage(page(text), filled[templates.Hooks](text)),
		"hook":          templates.HookPage(page(text), filled[templates.Hook](text)),
		"hook sent":     templates.HookSentPage(page(text), filled[templates.HookSent](text)),
		"inbox":         templates.InboxPage(page(text), filled[templates.Inbox](text)),
		"activity":      templates.ActivityPage(page(text), filled[templates.PersonActivity](text)),
		"waiting":       templates.WaitingPage(page(text), filled[templates.Waiting](text)),
		"settle":        templates.SettlePage(page(text), filled[templates.Settle](text)),
		"samples":       templates.SamplesPage(page(text), filled[templates.Samples](text)),
		"new sample":    templates.NewSamplePage(page(text), filled[templates.NewSample](text)),
		"sample":        templates.SamplePage(page(text), filled[templates.Sample](text)),
		"releases":      templates.ReleasesPage(page(text), filled[templates.Head](text), filled[templates.Releases](text)),
		"new release":   templates.NewReleasePage(page(text), filled[templates.Head](text), filled[templates.NewRelease](text)),
		"release":       templates.ReleasePage(page(text), filled[templates.Head](text), filled[templates.ReleaseView](text)),
		"difference":    templates.ReleaseDiffPage(page(text), filled[templates.Head](text), filled[templates.ReleaseDiff](text)),
		"slide":         templates.SheetPage(filled[templates.Sheet](text)),
		"alone":         templates.ProblemPage(templates.Page{Title: text}, filled[templates.Problem](text)),
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	for i, text := range hostile {
		for name, c := range pages(text) {
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
				t.Parallel()
				doc := render(t, c)
				root, err := html.Parse(bytes.NewReader(doc))
				if err != nil {
					t.Fatal(err)
				}
				seen := false
				for n := range root.Descendants() {
					seen = seen || n.Type == html.TextNode && strings.Contains(n.Data, text)
					if n.Type != html.ElementNode {
						continue
					}
					inspect(t, n)
				}
				if !seen {
					t.Errorf("the text is not on the page as it was given")
				}
			})
		}
	}
}

// inspect fails where an element can run something.
func inspect(t *testing.T, n *html.Node) {
	t.Helper()
	if n.Data == "img" || n.Data == "iframe" || n.Data == "style" {
		t.Errorf("there is an <%s>", n.Data)
	}
	src := ""
	for _, a := range n.Attr {
		if a.Key == "src" {
			src = a.Val
		}
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "x" && n.Namespace == "" {
			t.Errorf("<%s> has the attribute %s=%q", n.Data, a.Key, a.Val)
		}
		if a.Key == "href" || a.Key == "action" || a.Key == "src" {
			scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(a.Val)), ":")
			if scheme == "javascript" || scheme == "data" {
				t.Errorf("<%s> leads to %q", n.Data, a.Val)
			}
		}
	}
	if n.Data == "script" && !strings.HasPrefix(src, static.Prefix) {
		t.Errorf("there is a script from %q", src)
	}
}

func TestTextAreaKeepsEveryLetter(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "one", "\n\nleading lines", "  spaces  \n", "<b>&amp;</b>"} {
		doc := render(t, templates.Input(templates.Field{Name: "n", Label: "L", Rows: 3, Value: value}))
		root, err := html.Parse(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Data != "textarea" {
				continue
			}
			got := ""
			if n.FirstChild != nil {
				got = n.FirstChild.Data
			}
			if got != value {
				t.Errorf("a text area with %q holds %q", value, got)
			}
		}
	}
}

func TestInputNamesItsProblem(t *testing.T) {
	t.Parallel()
	doc := string(render(t, templates.Input(templates.Field{Name: "n", Label: "L", Hint: "H", Problem: "P"})))
	for _, want := range []string{`aria-invalid="true"`, `aria-describedby="n-hint n-problem"`, `id="n-problem"`, `id="n-hint"`, `for="n"`} {
		if !strings.Contains(doc, want) {
			t.Errorf("Input with a problem = %s, want %s in it", doc, want)
		}
	}
	doc = string(render(t, templates.Input(templates.Field{Name: "n", Label: "L"})))
	if strings.Contains(doc, "aria-") {
		t.Errorf("Input without hint and problem = %s, want no aria attributes", doc)
	}
}

func TestBadgesDoNotTrustTheirValue(t *testing.T) {
	t.Parallel()
	for _, c := range []templ.Component{templates.Badge("x is-approved"), templates.SeverityBadge("x is-error")} {
		doc := string(render(t, c))
		if m := regexp.MustCompile(`class="[^"]*(is-approved|is-error)`).FindString(doc); m != "" {
			t.Errorf("an unknown value chose a class: %s", m)
		}
	}
	if doc := string(render(t, templates.Badge("escalated"))); !strings.Contains(doc, "is-escalated") || !strings.Contains(doc, "Escalated") {
		t.Errorf("Badge(escalated) = %s", doc)
	}
}

// Every picture that a page names must be in the sprite, or it is blank.
func TestIconsExist(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, static.Asset("img/icons.svg"), nil))
	sprite := w.Body.String()
	named := map[string]bool{}
	for _, c := range pages("x") {
		for _, m := range regexp.MustCompile(`icons\.svg#([a-z]+)"`).FindAllStringSubmatch(string(render(t, c)), -1) {
			named[m[1]] = true
		}
	}
	for _, status := range []string{"pending", "approved", "rejected", "escalated"} {
		for _, m := range regexp.MustCompile(`icons\.svg#([a-z]+)"`).FindAllStringSubmatch(string(render(t, templates.Badge(status))), -1) {
			named[m[1]] = true
		}
	}
	delete(named, "x") // the filled view models' own
	if len(named) < 15 {
		t.Fatalf("found only %d icons on all pages", len(named))
	}
	for name := range named {
		if !strings.Contains(sprite, `id="`+name+`"`) {
			t.Errorf("there is no icon %q", name)
		}
	}
}
