package ui

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/agreement"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

const (
	workDays  = 30 // days in the list
	workPairs = 20
)

// showOwnWork handles GET /account/work.
func (s *Server) showOwnWork(w http.ResponseWriter, r *http.Request) error {
	u, _ := userOf(r.Context())
	return s.work(w, r, u.ID, "")
}

// showWork handles GET /people/{id}/work.
func (s *Server) showWork(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	u, err := s.accounts.User(r.Context(), id)
	if err != nil {
		return err
	}
	return s.work(w, r, id, u.Name)
}

// work shows how a person reviews: to a lead with the name, to the person without.
func (s *Server) work(w http.ResponseWriter, r *http.Request, id uuid.UUID, name string) error {
	ctx := r.Context()
	period, since := s.period(r.URL.Query())
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	data, err := s.agreement.Work(ctx, id, since)
	if err != nil {
		return err
	}
	view := workView{c: c, w: data, now: s.now(), list: comparedList{path: "/account/compared", period: period}}
	if name != "" {
		view.list = comparedList{period: period, first: id}
	}
	v := view.page()
	v.Filters, v.Action = []templates.Choice{periodChoice(period)}, r.URL.Path
	section := ""
	if name == "" {
		v.Title = "Your work"
		v.Lead = "How your reviewing went: for you, to see how you are doing. Leads see the same numbers."
		v.Crumbs = []templates.Link{{Label: "Your account", URL: "/account"}}
	} else {
		section = templates.SectionAgreement
		v.Title = "The work of " + draw.Plain(name)
		v.Lead = "Numbers to talk about, not to rank by: whoever gets the hard examples is slower, edits more and agrees less."
		v.Crumbs = []templates.Link{{Label: "Agreement", URL: addressOf("/agreement", url.Values{"period": {period}})}}
		pairs := data.Pairs
		if len(pairs) > workPairs {
			pairs = pairs[:workPairs]
		}
		for _, p := range pairs {
			v.Pairs = append(v.Pairs, pairView(p, "", period))
		}
	}
	page := s.frame(w, r, v.Title, section)
	page.Styles = []string{"css/measure.css"}
	return s.show(w, r, templates.WorkPage(page, v))
}

// A workView turns one person's work into the page about it.
type workView struct {
	c    *catalog.Catalog
	w    agreement.Work
	now  time.Time
	list comparedList // where compared examples are listed
}

func (v workView) page() templates.Work {
	w := v.w
	if w.Total.Decisions() == 0 && w.Gold.N == 0 {
		return templates.Work{Empty: &templates.Empty{
			Icon: "review", Title: "No decisions in this time", Text: "Once examples are reviewed, pace, agreement with others and edits show up here.",
		}}
	}
	p := templates.Work{Figures: []templates.WorkFigure{v.decisions(), v.pace(), v.agreed(), v.edits(), v.gold()}}
	for _, cat := range w.Categories {
		row := templates.WorkRow{
			Name: categoryTitle(v.c, cat.Slug), Decisions: number(cat.Own.Decisions()), Plain: number(cat.Own.Plain), Edited: number(cat.Own.Edited),
			Rejected: number(cat.Own.Rejected), Asked: number(cat.Own.Escalated), Edits: shareEstimate(cat.Own.EditRate()), Others: shareEstimate(cat.Others.EditRate()).Value,
		}
		p.Categories = append(p.Categories, row)
	}
	days, most := w.Days, 1
	if len(days) > workDays {
		days = days[:workDays]
	}
	for _, d := range days {
		most = max(most, d.Decisions)
	}
	for _, d := range days {
		p.Days = append(p.Days, templates.WorkDay{
			Day: d.Day.Format("Mon, 2 January"), Decisions: number(d.Decisions), Width: percent(float64(d.Decisions), float64(most)), Took: spell(d.Took),
		})
	}
	for _, m := range w.Gold.Misses {
		expected := example.Approved
		if m.Expected == string(example.Reject) {
			expected = example.Rejected
		}
		p.Misses = append(p.Misses, templates.WorkMiss{URL: "/examples/" + m.ExampleID.String(), Expected: string(expected), Reason: draw.Text(m.Reason), At: moment(m.At, v.now)})
	}
	p.Notes = []string{"Intervals are of 95 % confidence: what would be expected of many more examples like these. Days are in UTC."}
	return p
}

func (v workView) decisions() templates.WorkFigure {
	t := v.w.Total
	return templates.WorkFigure{
		Label: "Decisions", Value: number(t.Decisions()),
		Words: fmt.Sprintf("%s approved, %s of them after an edit; %s rejected; %s passed on with a question.",
			number(t.Plain+t.Edited), number(t.Edited), number(t.Rejected), number(t.Escalated)),
	}
}

func (v workView) pace() templates.WorkFigure {
	f := templates.WorkFigure{Label: "Pace", Value: "–", Words: "There is no time on these decisions."}
	if p := v.w.Pace; p.Decisions > 0 {
		f.Value, f.Note = spell(p.Half), "an example"
		f.Words = "Reading carefully takes its time; there is no prize for speed."
		if from, to := spell(p.Quarter), spell(p.Three); from != to {
			f.Words = "Half of them took between " + from + " and " + to + ". " + f.Words
		}
	}
	return f
}

func (v workView) agreed() templates.WorkFigure {
	n := v.w.Compared.Matrix.Units()
	f := templates.WorkFigure{Label: "Agreement with others", Value: "–", Words: "Nobody else has judged the same examples yet."}
	if n == 0 {
		return f
	}
	f.URL = v.list.url()
	e := percentEstimate(v.w.Compared.Percent)
	f.Value, f.Note = e.Value, e.Range
	differ := v.w.Compared.Matrix.Verdicts()
	f.Words = fmt.Sprintf("Of %s with a second verdict, %s came out differently. ", counted(n, "comparison", "comparisons"), number(differ[0][1]+differ[1][0]))
	if n < agreement.TooFew {
		f.Words += fmt.Sprintf("Too few to say more; from %d on it can be judged.", agreement.TooFew)
	} else {
		f.Words += "A difference often shows where a guideline can be clearer."
	}
	return f
}

func (v workView) edits() templates.WorkFigure {
	f := templates.WorkFigure{Label: "Edited before approving", Value: "–", Words: "Nothing was approved yet."}
	if own := v.w.Total.EditRate(); own.N > 0 {
		e := shareEstimate(own)
		f.Value, f.Note = e.Value, e.Range
		f.Words = "Every edit makes an example better. Nobody else approved anything in these categories."
		if others := v.w.Others.EditRate(); others.N > 0 {
			f.Words = "Every edit makes an example better. Others in these categories: " + shareEstimate(others).Value + "."
		}
	}
	return f
}

func (v workView) gold() templates.WorkFigure {
	g := v.w.Gold
	f := templates.WorkFigure{Label: "Gold examples", Value: "–", Words: "None came by. They are examples with a known verdict, mixed into the queue now and then."}
	if g.N > 0 {
		f.Value, f.Note = number(g.K)+" of "+number(g.N), percentRange(g.Interval())
		f.Words = "As the known verdict has it. The others are listed below, with why."
		if g.K == g.N {
			f.Words = "All as the known verdict has it."
		}
	}
	return f
}
