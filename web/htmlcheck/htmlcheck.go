// Package htmlcheck says what is wrong with a page: markup that browsers would
// have to repair, names that point nowhere, controls nobody can name, and
// anything the content security policy would block. It is for tests.
package htmlcheck

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Page returns the problems of a whole document, each as a sentence; none for
// a good one.
func Page(doc []byte) []string {
	problems := balance(doc)
	root, err := html.Parse(bytes.NewReader(doc))
	if err != nil {
		return append(problems, "cannot be parsed: "+err.Error())
	}
	c := &checker{ids: map[string]bool{}, labelled: map[string]bool{}}
	c.collect(root)
	c.visit(root, nil)
	c.outline(root)
	return append(problems, c.problems...)
}

var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// balance compares start and end tags as they were written: the parser would
// repair them silently.
func balance(doc []byte) []string {
	var (
		problems []string
		open     []string
		z        = html.NewTokenizer(bytes.NewReader(doc))
	)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF {
				problems = append(problems, "cannot be read: "+err.Error())
			}
			if len(open) > 0 {
				problems = append(problems, "never closed: "+strings.Join(open, ", "))
			}
			return problems
		case html.StartTagToken:
			name, _ := z.TagName()
			if string(name) == "form" && slices.Contains(open, "form") {
				problems = append(problems, "<form> is inside a form") // the parser drops it
			}
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return append(problems, fmt.Sprintf("</%s> closes nothing; open are %s", name, strings.Join(open, ", ")))
			}
			open = open[:len(open)-1]
		}
	}
}

type checker struct {
	ids      map[string]bool
	labelled map[string]bool // ids that a <label for> names
	problems []string
}

func (c *checker) say(n *html.Node, format string, args ...any) {
	c.problems = append(c.problems, "<"+n.Data+"> "+fmt.Sprintf(format, args...))
}

func (c *checker) collect(n *html.Node) {
	for n := range n.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id, ok := attr(n, "id"); ok {
			if id == "" || strings.ContainsAny(id, " \t\n") {
				c.say(n, "has the id %q, which cannot be named", id)
			}
			if c.ids[id] {
				c.say(n, "repeats the id %q", id)
			}
			c.ids[id] = true
		}
		if n.DataAtom == atom.Label {
			if id, ok := attr(n, "for"); ok {
				c.labelled[id] = true
			}
		}
	}
}

// visit checks n and what is in it. above are the elements around n.
func (c *checker) visit(n *html.Node, above []*html.Node) {
	if n.Type == html.ElementNode {
		c.attributes(n)
		c.element(n, above)
		above = append(slices.Clip(above), n)
	}
	for child := range n.ChildNodes() {
		c.visit(child, above)
	}
}

func (c *checker) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style":
			c.say(n, "has inline style, which the policy blocks")
		case strings.HasPrefix(a.Key, "on"):
			c.say(n, "has the inline handler %s, which the policy blocks", a.Key)
		case slices.Contains([]string{"aria-describedby", "aria-labelledby", "aria-controls", "for", "headers"}, a.Key):
			for _, id := range strings.Fields(a.Val) {
				if !c.ids[id] {
					c.say(n, "%s names %q, which is not there", a.Key, id)
				}
			}
		case slices.Contains([]string{"href", "src", "action"}, a.Key):
			c.link(n, a.Key, a.Val)
		}
	}
}

func (c *checker) link(n *html.Node, key, value string) {
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(value)), ":")
	switch {
	case value == "":
		c.say(n, "has an empty %s", key)
	case scheme == "javascript" || scheme == "vbscript" || scheme == "data" && n.DataAtom != atom.Img:
		c.say(n, "has the %s %q", key, value)
	case strings.HasPrefix(value, "#") && !c.ids[value[1:]]:
		c.say(n, "leads to %q, which is not there", value)
	}
}

var landmarks = []atom.Atom{atom.Main, atom.Nav, atom.Header, atom.Footer, atom.Aside}

func (c *checker) element(n *html.Node, above []*html.Node) {
	inside := func(a atom.Atom) bool {
		return slices.ContainsFunc(above, func(p *html.Node) bool { return p.DataAtom == a })
	}
	svg := n.Namespace == "svg"
	switch n.DataAtom {
	case atom.A:
		if _, ok := attr(n, "href"); !ok {
			c.say(n, "is a link without a target")
		}
		if !hidden(n, above) && !svg && name(n) == "" {
			c.say(n, "is a link without words: %s", dump(n))
		}
		if inside(atom.A) || inside(atom.Button) {
			c.say(n, "is a link inside another control")
		}
	case atom.Button, atom.Summary:
		if name(n) == "" {
			c.say(n, "is a button without words: %s", dump(n))
		}
	case atom.Input, atom.Select, atom.Textarea:
		c.control(n, above, inside)
	case atom.Img:
		if _, ok := attr(n, "alt"); !ok {
			c.say(n, "is an image without alt")
		}
	case atom.Script:
		if src, _ := attr(n, "src"); src == "" {
			c.say(n, "is an inline script, which the policy blocks")
		}
	case atom.Style:
		c.say(n, "is an inline style sheet, which the policy blocks")
	case atom.Th:
		if _, ok := attr(n, "scope"); !ok && !hidden(n, above) {
			c.say(n, "is a header cell without scope")
		}
	case atom.Html:
		if lang, _ := attr(n, "lang"); lang == "" {
			c.say(n, "says no language")
		}
	case atom.Meta:
		if eq, _ := attr(n, "http-equiv"); eq != "" {
			c.say(n, "sets the header %s; servers do that", eq)
		}
	}
	if slices.Contains(landmarks, n.DataAtom) && inside(atom.P) {
		c.say(n, "is a landmark inside a paragraph")
	}
}

func (c *checker) control(n *html.Node, above []*html.Node, inside func(atom.Atom) bool) {
	kind, _ := attr(n, "type")
	if n.DataAtom == atom.Input && (kind == "hidden" || kind == "submit") || hidden(n, above) {
		return
	}
	id, _ := attr(n, "id")
	label, _ := attr(n, "aria-label")
	by, _ := attr(n, "aria-labelledby")
	if !c.labelled[id] && label == "" && by == "" && !inside(atom.Label) {
		c.say(n, "has no label: %s", dump(n))
	}
}

// outline checks what there must be one of, and the order of headings.
func (c *checker) outline(root *html.Node) {
	counts := map[atom.Atom]int{}
	level := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		counts[n.DataAtom]++
		if n.DataAtom == atom.Title && n.Namespace == "" && text(n) == "" {
			c.say(n, "is empty")
		}
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
			next := int(n.Data[1] - '0')
			if next > level+1 {
				c.say(n, "%q skips a level: it follows one of level %d", text(n), level)
			}
			level = next
		}
	}
	for _, a := range []atom.Atom{atom.H1, atom.Main} {
		if counts[a] != 1 {
			c.problems = append(c.problems, fmt.Sprintf("there are %d <%s>, not one", counts[a], a))
		}
	}
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// hidden says whether assistive technology passes n over.
func hidden(n *html.Node, above []*html.Node) bool {
	return slices.ContainsFunc(append(slices.Clip(above), n), func(p *html.Node) bool {
		v, _ := attr(p, "aria-hidden")
		return v == "true"
	})
}

// name is what a control is called: its label, else the words in it.
func name(n *html.Node) string {
	if label, _ := attr(n, "aria-label"); strings.TrimSpace(label) != "" {
		return label
	}
	return text(n)
}

// text is what is said of n: hidden parts are left out.
func text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && hidden(n, nil) {
			return
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(n)
	return strings.TrimSpace(b.String())
}

// dump is the markup of n, for messages.
func dump(n *html.Node) string {
	const shown = 200
	var b bytes.Buffer
	if err := html.Render(&b, n); err != nil {
		return err.Error()
	}
	if b.Len() > shown {
		b.Truncate(shown)
	}
	return b.String()
}
