package ui

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// Duplicates finds examples that are alike and carries out what people decide
// about them: dedup.Service.
type Duplicates interface {
	List(ctx context.Context, f dedup.Filter) ([]dedup.Group, error)
	Get(ctx context.Context, id, after uuid.UUID) (dedup.Group, error)
	Counts(ctx context.Context) ([]dedup.Count, error)
	Waiting(ctx context.Context, most int) (int, error)
	Obvious(ctx context.Context, category string, after uuid.UUID, limit int) ([]dedup.Choice, uuid.UUID, error)
	KeepOne(ctx context.Context, by audit.Actor, r dedup.Ruling) (dedup.Outcome, error)
	KeepEach(ctx context.Context, by audit.Actor, rulings []dedup.Ruling) ([]dedup.Outcome, error)
	NotDuplicates(ctx context.Context, by audit.Actor, group uuid.UUID, seen []dedup.Seen) error
	RejectedFor(ctx context.Context, survivor uuid.UUID) ([]dedup.Origin, error)
	SurvivorOf(ctx context.Context, id uuid.UUID) (uuid.UUID, bool, error)
}

const (
	groupsShown  = 10     // groups on a page
	obviousShown = 50     // rulings in one preview: carried out within one request
	waitingShown = 10_000 // examples that wait are counted up to here
	originsShown = 20     // rejected copies that the page of a survivor lists
	maxPartBytes = 16_000 // of a message that is compared; the page of the example has the rest
)

func (s *Server) duplicateRoutes() {
	s.get("/duplicates", account.View, s.showDuplicates)
	s.get("/duplicates/{id}", account.View, s.showDuplicateGroup)
	s.post("/duplicates/{id}/keep", account.Review, s.keepOne)
	s.post("/duplicates/{id}/different", account.Review, s.keepApart)
	s.get("/duplicates/obvious", account.Review, s.showObvious)
	s.post("/duplicates/obvious", account.Review, s.keepObvious)
	s.post("/duplicates/undo", account.Review, s.undoRejections)
}

// kindWords are the kinds of groups as tabs, and what a person does with each.
var kindWords = map[dedup.Kind]struct{ tab, lead, none string }{
	dedup.Contradiction: {"Contradictions", "The questions are nearly the same and the answers are not: at most one can be right. Keep the right one, or correct them on their pages.", "No two examples answer nearly the same question differently."},
	dedup.Near:          {"Near", "Nearly the same words. Keep the best one; the others are rejected as duplicates of it.", "No two examples are nearly the same."},
	dedup.Equal:         {"Equal", "The same but for capitals, spaces and punctuation. Keep one of each; the others are rejected as duplicates of it.", "No two examples are the same after normalising."},
	dedup.Variant:       {"Variants", "Alike but for their numbers or names. They are not duplicates and need no decision; too many of one pattern teach little.", "No pattern is repeated with other numbers."},
}

// duplicateList says which part of the inbox is meant.
type duplicateList struct {
	kind     dedup.Kind
	category string
	after    uuid.UUID
}

// parseDuplicateList reads it from an address or a form. Nothing chosen means
// what needs a person most.
func parseDuplicateList(form url.Values) (duplicateList, error) {
	l := duplicateList{kind: dedup.Kind(form.Get("kind")), category: form.Get("category")}
	var err error
	if l.kind != "" && !l.kind.Valid() {
		return l, fault.New(fault.Invalid, "There is no such list of duplicates.")
	}
	if l.after, err = optionalUUID(form.Get("after")); err != nil {
		return l, fault.New(fault.Invalid, "The address of this page is damaged. Go back to the beginning of the list.")
	}
	return l, nil
}

func optionalUUID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	return uuid.Parse(text)
}

func (l duplicateList) values() url.Values {
	q := url.Values{}
	if l.kind != "" {
		q.Set("kind", string(l.kind))
	}
	if l.category != "" {
		q.Set("category", l.category)
	}
	if l.after != uuid.Nil {
		q.Set("after", l.after.String())
	}
	return q
}

func (l duplicateList) url() string { return addressOf("/duplicates", l.values()) }

func addressOf(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// showDuplicates handles GET /duplicates.
func (s *Server) showDuplicates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	u, _ := userOf(ctx)
	l, err := parseDuplicateList(r.URL.Query())
	if err != nil {
		return err
	}
	counts, err := s.duplicates.Counts(ctx)
	if err != nil {
		return err
	}
	groups, total := map[dedup.Kind]int{}, 0
	for _, c := range counts {
		if l.category == "" || c.Category == l.category {
			groups[c.Kind] += c.Groups
		}
		total += c.Groups
	}
	if l.kind == "" {
		l.kind = dedup.Kinds[0]
		for _, k := range dedup.Kinds {
			if groups[k] > 0 {
				l.kind = k
				break
			}
		}
	}
	found, err := s.duplicates.List(ctx, dedup.Filter{Kind: l.kind, Category: l.category, After: l.after, Limit: groupsShown + 1})
	if err != nil {
		return err
	}
	v := templates.Duplicates{Kind: string(l.kind), Lead: kindWords[l.kind].lead}
	for _, k := range dedup.Kinds {
		v.Tabs = append(v.Tabs, templates.DuplicateTab{
			Label: kindWords[k].tab, Count: number(groups[k]), Current: k == l.kind, URL: duplicateList{kind: k, category: l.category}.url(),
		})
	}
	cat, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	category := choice("category", "Category", "All categories", l.category)
	for _, one := range cat.Categories {
		category.add(one.Slug, one.Name)
	}
	v.Category = category.done()
	if v.Scanning, err = s.scanning(ctx); err != nil {
		return err
	}
	if len(found) > groupsShown {
		found = found[:groupsShown]
		on := l
		on.after = found[groupsShown-1].ID
		v.Next = on.url()
	}
	if l.after != uuid.Nil {
		v.First = duplicateList{kind: l.kind, category: l.category}.url()
	}
	may := u.Can(account.Review)
	for i, g := range found {
		next := ""
		if i+1 < len(found) {
			next = found[i+1].ID.String()
		} else if i > 0 {
			next = found[i-1].ID.String()
		}
		name := g.Category
		if one, ok := cat.Category(g.Category); ok {
			name = one.Name
		}
		drawn := groupView(g, name, may, l, next)
		v.Ruling = v.Ruling || drawn.Apart != ""
		v.Groups = append(v.Groups, drawn)
	}
	if may && groups[dedup.Equal] > 0 {
		v.Obvious = &templates.Link{Label: "Settle the obvious ones", URL: addressOf("/duplicates/obvious", duplicateList{category: l.category}.values())}
	}
	if ids, err := decisionsOf(r.URL.Query()); err != nil {
		return err
	} else if may && len(ids) > 0 {
		v.Undo = undoView(ids, l)
	}
	if len(found) == 0 {
		v.Empty = &templates.Empty{Icon: "duplicates", Title: "Nothing here", Text: kindWords[l.kind].none}
		if l.category != "" {
			v.Empty.Actions = []templates.Link{{Label: "All categories", URL: duplicateList{kind: l.kind}.url()}}
		}
		if l.after != uuid.Nil {
			v.Empty.Text = "The list ends here."
			v.Empty.Actions = []templates.Link{{Label: "Back to the beginning", URL: duplicateList{kind: l.kind, category: l.category}.url()}}
		} else if total == 0 && v.Scanning == "" {
			v.Empty = &templates.Empty{
				Icon: "duplicates", Title: "No duplicates", Text: "Every example is compared with the others soon after it comes in or changes. What is alike shows up here.",
				Actions: []templates.Link{{Label: "See the examples", URL: "/examples"}},
			}
		}
	}
	page := s.frame(w, r, "Duplicates", templates.SectionDuplicates)
	page.Width = templates.WidthFull
	page.Styles = []string{"css/review.css", "css/duplicates.css"}
	page.Modules = []string{"js/duplicates.js"}
	return s.show(w, r, templates.DuplicatesPage(page, v))
}

// scanning says how many examples have not been compared yet.
func (s *Server) scanning(ctx context.Context) (string, error) {
	n, err := s.duplicates.Waiting(ctx, waitingShown)
	if err != nil || n == 0 {
		return "", err
	}
	words := counted(n, "example has", "examples have")
	if n >= waitingShown {
		words = "More than " + words
	}
	return words + " not been compared yet; that happens by itself. Reload the page to see what was found.", nil
}

// copyFacts says of which example one is a duplicate, and which were rejected as
// duplicates of it, with where they came from.
func (s *Server) copyFacts(ctx context.Context, id uuid.UUID) ([]templates.Origin, error) {
	if s.duplicates == nil {
		return nil, nil
	}
	var facts []templates.Origin
	survivor, ok, err := s.duplicates.SurvivorOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if ok {
		facts = append(facts, templates.Origin{Label: "Rejected in favour of", Text: survivor.String(), URL: "/examples/" + survivor.String(), Mono: true})
	}
	origins, err := s.duplicates.RejectedFor(ctx, id)
	if err != nil || len(origins) == 0 {
		return facts, err
	}
	facts = append(facts, templates.Origin{Label: "Stands for", Text: counted(len(origins), "example that was", "examples that were") + " rejected in favour of this one"})
	for _, o := range origins[:min(len(origins), originsShown)] {
		facts = append(facts, templates.Origin{
			Label: "Also from", Text: draw.Plain(o.SourceName) + ", line " + number(o.SourceLine), URL: "/examples/" + o.Example.String(),
		})
	}
	return facts, nil
}
