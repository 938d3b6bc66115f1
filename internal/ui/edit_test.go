package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
)

// fieldsOf is what a browser without scripts sends of the page's form that
// decides: its fields, and those elsewhere that name it.
func fieldsOf(t *testing.T, page reply) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	attr := func(n *html.Node, key string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val, true
			}
		}
		return "", false
	}
	out := url.Values{}
	var text func(n *html.Node) string
	text = func(n *html.Node) string {
		if n.Type == html.TextNode {
			return n.Data
		}
		var b strings.Builder
		for c := range n.ChildNodes() {
			b.WriteString(text(c))
		}
		return b.String()
	}
	var walk func(n *html.Node, mine bool)
	walk = func(n *html.Node, mine bool) {
		if n.Type == html.ElementNode {
			if _, ok := attr(n, "data-decide"); n.Data == "form" && ok {
				mine = true
			}
			name, named := attr(n, "name")
			_, elsewhere := attr(n, "form")
			if named && (mine || elsewhere) {
				value, _ := attr(n, "value")
				kind, _ := attr(n, "type")
				_, checked := attr(n, "checked")
				switch {
				case n.Data == "input" && (kind != "checkbox" && kind != "radio" || checked):
					out.Add(name, value)
				case n.Data == "textarea":
					// One line end behind the tag is not content; the parser drops it.
					out.Add(name, strings.ReplaceAll(text(n), "\n", "\r\n"))
				case n.Data == "select":
					chosen, first := "", true
					for o := range n.Descendants() {
						if v, ok := attr(o, "value"); ok && o.Data == "option" {
							if _, on := attr(o, "selected"); on || first {
								chosen, first = v, false
							}
						}
					}
					out.Add(name, chosen)
				}
			}
		}
		for c := range n.ChildNodes() {
			walk(c, mine)
		}
	}
	walk(doc, false)
	return out
}

// with is the form with some fields set.
func with(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// TestEditWithoutJavaScript edits an answer and a conversation with nothing but
// buttons and fields, and saves it.
func TestEditWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	const stored = `{"primary_assessment": {"severity": "severe", "confidence": 0.80}, "reasoning_chain": ["Ünder load.", "b"], "x": [1.0]}`
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Conversation: func(int) example.Conversation {
		return example.Conversation{Messages: []example.Message{{Role: example.User, Content: "My knee.\r\nIt hurts.\n"}, {Role: example.Assistant, Content: stored}}}
	}})[0]
	b := s.as(t, account.Lead)
	path := "/examples/" + id.String()

	// Saved as it was opened, nothing changes.
	page := b.get(path + "?edit=1")
	page.want(t, http.StatusOK, `name="message.1:/reasoning_chain/0"`, `value="up:message.1:/reasoning_chain/1"`, `formaction="`+path+`/edit"`)
	form := fieldsOf(t, page)
	b.post("/review/decisions", with(form, "verdict", "approve", "category", "injury_analysis", "override_reason", "as it was"))
	if e := s.stored(t, id); e.Revision != 1 || e.Status == "pending" && e.Answer != stored {
		t.Fatalf("after saving nothing: %+v", e)
	}

	// Each act answers with the page, and everything typed is still on it.
	page = b.get(path + "?edit=1")
	form = with(fieldsOf(t, page), "message.1:/primary_assessment/severity", "mild", "reason", "half a sen", "op", "add:message.1:/reasoning_chain/-")
	page = b.post(path+"/edit", form)
	page.want(t, http.StatusOK, `name="message.1:/reasoning_chain/2"`, `value="half a sen"`, "data-editing")
	form = with(fieldsOf(t, page), "message.1:/reasoning_chain/2", "<b>c</b>\r\n\"d\"", "op", "up:message.1:/reasoning_chain/2")
	page = b.post(path+"/edit", form)
	form = with(fieldsOf(t, page), "op", "turn-add:1")
	if got := form.Get("message.1:/reasoning_chain/1"); got != "<b>c</b>\r\n\"d\"" {
		t.Fatalf("the step that moved up is %q", got)
	}
	page = b.post(path+"/edit", form)
	form = with(fieldsOf(t, page), "message.n1", "Thanks!")
	// A number that is none comes back, with the rest.
	bad := b.post(path+"/decisions", with(fieldsOf(t, page), "message.1:/primary_assessment/confidence", "very", "verdict", "approve", "override_reason", "fine"))
	bad.want(t, http.StatusUnprocessableEntity, "Type a number", `value="very"`)

	b.post(path+"/decisions", with(form, "verdict", "approve", "override_reason", "fine")).leadsTo(t, path)
	e := s.stored(t, id)
	want := strings.NewReplacer(`"severe"`, `"mild"`, `"b"]`, `"<b>c</b>\n\"d\"", "b"]`).Replace(stored)
	var messages string
	if err := s.pool.QueryRow(t.Context(), "SELECT messages FROM revisions WHERE example_id = $1 AND revision = 2", id).Scan(&messages); err != nil {
		t.Fatal(err)
	}
	got, err := example.ParseMessages([]byte(messages))
	if err != nil {
		t.Fatal(err)
	}
	if e.Revision != 2 || len(got) != 3 || got[0].Content != "My knee.\r\nIt hurts.\n" || got[1].Content != want || got[2].Content != "Thanks!" {
		t.Errorf("revision %d: %s\nwant the answer %s", e.Revision, messages, want)
	}
}

func TestEditRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	id := exampletest.Insert(t, s.pool, 1, exampletest.Seed{})[0]
	path := "/examples/" + id.String() + "/edit"
	b := s.as(t, account.Reviewer)
	b.post(path, url.Values{"revision": {"1"}}, script...).want(t, http.StatusOK, "<fieldset", `name="message.1:/reps"`)
	b.post(path, url.Values{"revision": {"1"}, "category": {"voice_parsing"}}).want(t, http.StatusOK, `class="strip"`, "data-editing")
	for name, form := range map[string]url.Values{
		"no revision":      {},
		"an act on air":    {"revision": {"1"}, "op": {"remove:message.1:/nowhere"}},
		"no act":           {"revision": {"1"}, "op": {"dance"}},
		"other messages":   {"revision": {"1"}, "message.order": {"0 5"}},
		"a cut-off answer": {"revision": {"1"}, "message.1.exact": {`"{`}, "op": {"add:message.1:/x"}},
	} {
		if r := b.post(path, form, script...); r.StatusCode != http.StatusUnprocessableEntity && name != "a cut-off answer" {
			t.Errorf("%s: status %d", name, r.StatusCode)
		}
	}
	b.post(path, url.Values{"revision": {"2"}}).want(t, http.StatusConflict, "at revision 1 by now")
	b.post("/examples/"+uuid.NewString()+"/edit", url.Values{"revision": {"1"}}).want(t, http.StatusNotFound)
	s.as(t, account.PM).post(path, url.Values{"revision": {"1"}}).want(t, http.StatusForbidden)
}
