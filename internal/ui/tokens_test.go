package ui_test

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/net/html"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/ui"
	"github.com/voicefit/spotter/web/htmlcheck"
)

// limited is a store whose catalog has other limits than the stored one.
type limited struct {
	ui.Catalogs
	platforms []catalog.Platform
}

func (l limited) CurrentVersion(ctx context.Context) (*catalog.Catalog, int, error) {
	c, version, err := l.Catalogs.CurrentVersion(ctx)
	if err != nil {
		return nil, 0, err
	}
	changed := *c
	changed.Platforms = l.platforms
	return &changed, version, nil
}

// texts returns the text of every element of a class, in order.
func texts(t *testing.T, body, class string) []string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key != "class" || !strings.Contains(" "+a.Val+" ", " "+class+" ") {
				continue
			}
			text := ""
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					text += d.Data
				}
			}
			found = append(found, text)
		}
	}
	return found
}

func TestTokensPage(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *ui.Config) {
		c.Catalogs = limited{c.Catalogs, []catalog.Platform{
			{Slug: "tiny", Name: "Tiny", MaxTokens: 42}, {Slug: "roomy", Name: "Roomy", MaxTokens: 5000}, {Slug: "odd", Name: "Odd"},
		}}
	})
	weight := 0
	conversations := []example.Conversation{
		{Messages: []example.Message{
			{Role: example.User, Content: "hi"},
			{Role: example.Assistant, Content: "no", Weight: &weight},
			{Role: example.User, Content: "bench press"},
			{Role: example.Assistant, Content: "<script>alert(1)</script>\u200b 🦙"},
		}},
		{Messages: []example.Message{{Role: example.User, Content: "hi"}, {Role: example.Assistant, Content: strings.Repeat("bench press ", 2500) + "end"}}},
		{Messages: []example.Message{{Role: example.User, Content: "hi"}, {Role: example.Assistant, ToolCalls: []example.ToolCall{
			{ID: "1", Name: "f", Arguments: "{}"}, {ID: "2", Name: "f", Arguments: "{}"},
		}}}},
	}
	ids := exampletest.Insert(t, s.pool, len(conversations), exampletest.Seed{Conversation: func(i int) example.Conversation { return conversations[i] }})
	b := s.as(t, account.PM)
	tok, err := tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) string { return "/examples/" + ids[i].String() + "/tokens" }

	b.get("/examples/"+ids[0].String()).want(t, http.StatusOK, `href="`+at(0)+`"`)

	page := b.get(at(0))
	page.want(t, http.StatusOK, "Tiny cuts here, after 42 tokens", "Nothing is cut.", "Nobody wrote its limit into the catalog.")
	for _, problem := range htmlcheck.Page([]byte(page.body)) {
		t.Error(problem)
	}
	if strings.Contains(page.body, "<script>alert") {
		t.Error("an answer became a script")
	}
	var heads []string
	blank := regexp.MustCompile(`\s+`)
	for _, head := range texts(t, page.body, "segment-head") {
		heads = append(heads, strings.TrimSpace(blank.ReplaceAllString(head, " ")))
	}
	count := func(s string) string { return strconv.Itoa(tok.CountEncoded(s)) + " tokens" }
	header := func(role string) string { return "<|start_header_id|>" + role + "<|end_header_id|>\n\n" }
	if diff := cmp.Diff([]string{
		"Written by the template masked 26 tokens",
		"User, message 1 masked " + count(header("user")+"hi<|eot_id|>"),
		"Assistant, message 2, weight 0 masked " + count(header("assistant")+"no<|eot_id|>"),
		"User, message 3 masked " + count(header("user")+"bench press<|eot_id|>"),
		"Assistant, message 4, header masked 4 tokens",
		"Assistant, message 4 trained on " + count("<script>alert(1)</script>\u200b 🦙<|eot_id|>"),
	}, heads); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
	// The text is there to the letter, but for the name of what can't be seen.
	if diff := cmp.Diff([]string{
		header("user") + "bench press<|eot_id|>", header("assistant"), "<script>alert(1)</script>ZWSP 🦙<|eot_id|>",
	}, texts(t, strings.ReplaceAll(page.body, `<strong class="token-cut">Tiny cuts here, after 42 tokens</strong>`, ""), "segment-text")[3:]); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	tokens := texts(t, page.body, "token")
	if got := tokens[len(tokens)-1]; got != "<|eot_id|>" {
		t.Errorf("the last token is %q", got)
	}
	if got := texts(t, page.body, "token-cut"); len(got) != 1 {
		t.Errorf("%d cuts are marked: %q", len(got), got)
	}
	// The mark stands before the first token that is lost.
	before, _, _ := strings.Cut(page.body, "token-cut")
	kept := 0
	for range texts(t, before, "token") {
		kept++
	}
	if kept != 42 {
		t.Errorf("the cut is marked after %d tokens, want 42", kept)
	}

	// A long example is drawn in as few parts as its cuts allow.
	page = b.get(at(1))
	page.want(t, http.StatusOK, "more than 4,000 tokens", "Roomy cuts here, after 5,000 tokens", "Tiny cuts here, after 42 tokens", "of them trained on")
	if n := len(texts(t, page.body, "token")); n != 6 {
		t.Errorf("a long example is drawn in %d parts, want 6: four segments, one of them cut twice", n)
	}

	b.get(at(2)).want(t, http.StatusOK, "The template cannot write this example: message 2: Llama 3 takes one tool call per message.")
	b.get("/examples/"+uuid.NewString()+"/tokens").want(t, http.StatusNotFound)
}
