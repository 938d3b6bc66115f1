package ui

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

const comparedRows = 50

// listCompared handles GET /agreement/examples: what a number of the figures
// counts.
func (s *Server) listCompared(w http.ResponseWriter, r *http.Request) error {
	return s.compared(w, r, uuid.Nil)
}

// listOwnCompared handles GET /account/compared: the same for one's own.
func (s *Server) listOwnCompared(w http.ResponseWriter, r *http.Request) error {
	u, _ := userOf(r.Context())
	return s.compared(w, r, u.ID)
}

// compared lists compared examples; with own only those of that person, whose
// verdict comes first.
func (s *Server) compared(w http.ResponseWriter, r *http.Request, own uuid.UUID) error {
	ctx, q := r.Context(), r.URL.Query()
	sel, err := parseSelection(q)
	if err != nil {
		return err
	}
	var period string
	period, sel.Since = s.period(q)
	v := templates.Compared{
		Title: "Examples compared", Crumb: templates.Link{Label: "Agreement", URL: addressOf("/agreement", url.Values{"period": {period}})},
		Lead: "Each row is one example and two people who judged it, without seeing each other's verdict.",
	}
	section := templates.SectionAgreement
	if own != uuid.Nil {
		sel.First = own
		v.Crumb = templates.Link{Label: "Your work", URL: addressOf("/account/work", url.Values{"period": {period}})}
		v.Lead = "Each row is one example that you and somebody else judged, without seeing each other's verdict. Yours comes first."
		section = ""
	}
	if sel.Differ {
		v.Title = "Examples judged differently"
	}
	list, next, err := s.agreement.Examples(ctx, sel, q.Get("after"), comparedRows)
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	refs := make([]browse.Ref, len(list))
	for i, one := range list {
		refs[i] = browse.Ref{Example: one.ExampleID, Revision: one.Revision}
	}
	if err := s.browse.ShownVerdicts(ctx, refs, beholder(r, false)); err != nil {
		return err
	}
	for _, one := range list {
		second := nameOr(one.Second.Name)
		if own != uuid.Nil {
			second = "Somebody else" // who it was is for leads to say
		}
		v.Rows = append(v.Rows, templates.ComparedRow{
			URL: "/examples/" + one.ExampleID.String(), Name: kindName(c, one.Category, one.Subcategory), Revision: "revision " + strconv.Itoa(one.Revision),
			First: comparedVerdict(nameOr(one.First.Name), one.FirstChoice, one.FirstReason), Second: comparedVerdict(second, one.SecondChoice, one.SecondReason),
			At: moment(one.At, s.now()),
		})
	}
	if len(list) == 0 {
		v.Empty = &templates.Empty{
			Icon: "examples", Title: "No such examples", Text: "Nothing that was compared fits. A verdict may have been taken back since.",
			Actions: []templates.Link{{Label: "All that was compared", URL: r.URL.Path}},
		}
	}
	if q.Get("after") != "" {
		q.Del("after")
		v.Pager.First = addressOf(r.URL.Path, q)
	}
	if next != "" {
		q.Set("after", next)
		v.Pager.Older = addressOf(r.URL.Path, q)
	}
	page := s.frame(w, r, v.Title, section)
	page.Styles = []string{"css/measure.css"}
	return s.show(w, r, templates.ComparedPage(page, v))
}

func comparedVerdict(who string, choice agreement.Choice, reason string) templates.ComparedVerdict {
	v := templates.ComparedVerdict{Who: who, Status: string(example.Approved), Edited: choice == agreement.Edited}
	if choice == agreement.Rejected {
		v.Status = string(example.Rejected)
	}
	if reason != "" {
		v.Reason = draw.Text(reason)
	}
	return v
}

// kindName is the category and subcategory of an example in words.
func kindName(c *catalog.Catalog, category, subcategory string) string {
	name := categoryTitle(c, category)
	if subcategory == "" {
		return name
	}
	cat, _ := c.Category(category)
	if sub, ok := cat.Subcategory(subcategory); ok {
		return name + ": " + sub.Name
	}
	return name + ": " + draw.Plain(subcategory)
}

// parseSelection reads which compared examples an address means.
func parseSelection(q url.Values) (agreement.Selection, error) {
	sel := agreement.Selection{Filter: agreement.Filter{Category: q.Get("category")}, FirstChoice: agreement.Any, SecondChoice: agreement.Any, Differ: q.Get("differ") != ""}
	problems := map[string]string{}
	for name, into := range map[string]*uuid.UUID{"first": &sel.First, "second": &sel.Second} {
		id, err := optionalUUID(q.Get(name))
		if err != nil {
			problems[name] = "There is no such person."
		}
		*into = id
	}
	for name, into := range map[string]*agreement.Choice{"a": &sel.FirstChoice, "b": &sel.SecondChoice} {
		if text := q.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < int(agreement.Plain) || n > int(agreement.Rejected) {
				problems[name] = "There is no such verdict."
			}
			*into = agreement.Choice(n)
		}
	}
	if len(problems) > 0 {
		return sel, fault.Fields("There is no such list of examples.", problems)
	}
	return sel, nil
}
