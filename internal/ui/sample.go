package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// showSample handles GET /sampling/{id}. With verify it is drawn again and compared.
func (s *Server) showSample(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	sample, err := s.samples.Get(ctx, id)
	if err != nil {
		return err
	}
	result, err := s.samples.Progress(ctx, sample)
	if err != nil {
		return err
	}
	u, _ := userOf(ctx)
	v := sampleView(sample, result)
	v.Plan = planSentences(sample.Plan, sample.Design())
	v.Curve = curveOf(sample.Plan, sample.Design())
	if err := s.sampleFacts(ctx, &v, sample); err != nil {
		return err
	}
	if err := s.sampleActions(ctx, &v, sample, result, u); err != nil {
		return err
	}
	if err := s.sampleItems(ctx, &v, sample, q); err != nil {
		return err
	}
	if q.Has("verify") {
		if v.Verified, err = s.verified(ctx, sample); err != nil {
			return err
		}
	}
	page := s.frame(w, r, sample.Name, templates.SectionSampling)
	page.Styles = []string{"css/measure.css"}
	return s.show(w, r, templates.SamplePage(page, v))
}

// sampleView is what a sample says.
func sampleView(s acceptance.Sample, r acceptance.Result) templates.Sample {
	v := templates.Sample{Name: draw.Plain(s.Name), State: sampleState(s.State), Verdict: verdictWords(s, r)}
	if r.Reviewed > 0 {
		v.Statement = fmt.Sprintf("With 95 %% confidence at most %s of such examples are bad; of the %s in this batch at most %s.", wholePercent(r.AtMost), number(s.Frame), number(r.AtMostOf))
		if r.Reviewed == s.Frame {
			v.Statement = fmt.Sprintf("Everything in the batch was looked at: %s.", counted(r.Defects, "defect", "defects"))
		}
	}
	v.Figures = []templates.SampleFigure{
		{Label: "Reviewed", Value: number(r.Reviewed), Note: "of " + number(r.Drawn), URL: "#items"},
		{Label: "Defects", Value: number(r.Defects), Note: defectNote(s, r), URL: "#items"},
	}
	if r.Reviewed > 0 {
		v.Figures = append(v.Figures, templates.SampleFigure{
			Label: "Share of defects", Value: wholePercent(float64(r.Defects) / float64(r.Reviewed)), Note: "95 %: " + percentRange(r.Wilson),
		})
	}
	v.Progress = templates.TargetBar{Text: number(r.Reviewed) + " of " + number(r.Drawn) + " reviewed.", Status: "approved", Width: percent(float64(r.Reviewed), float64(r.Drawn))}
	if r.Defects > 0 && r.Verdict == acceptance.Reject {
		v.Progress.Status = "rejected"
	}
	if r.Mended > 0 {
		if s.Edits {
			v.Notes = append(v.Notes, counted(r.Mended, "example was", "examples were")+" approved only after an edit and count as defects.")
		} else {
			v.Notes = append(v.Notes, counted(r.Mended, "example was", "examples were")+" approved only after an edit; in this sample that is no defect.")
		}
	}
	if s.Accept < 0 && r.Reviewed > 0 {
		v.Notes = append(v.Notes, "With a plan that stops as soon as it is decided, the interval and the statement are approximate.")
	}
	if s.Note != "" {
		v.Notes = append(v.Notes, draw.Plain(s.ClosedBy)+" wrote: "+draw.Plain(s.Note))
	}
	return v
}

func defectNote(s acceptance.Sample, r acceptance.Result) string {
	switch {
	case s.Accept == 0:
		return "none is allowed"
	case s.Accept > 0:
		return "up to " + number(s.Accept) + " are allowed"
	}
	return ""
}

// verdictWords answer the question that the sample was drawn for.
func verdictWords(s acceptance.Sample, r acceptance.Result) string {
	switch s.State {
	case acceptance.Accepted:
		return "The batch was accepted."
	case acceptance.Rejected:
		return "The batch was rejected: it has too many defects."
	case acceptance.Abandoned:
		return "The sample was abandoned; it says nothing about the batch."
	}
	switch r.Verdict {
	case acceptance.Accept:
		return "The batch passes. A lead records it."
	case acceptance.Reject:
		return "The batch fails: it has too many defects. A lead records it."
	}
	left := r.Drawn - r.Reviewed
	switch {
	case s.Accept >= 0:
		return fmt.Sprintf("Not decided yet: review %s more. It passes with at most %s.", number(left), counted(s.Accept, "defect", "defects"))
	case left > 0:
		return fmt.Sprintf("Not decided yet: review %s more. They decide it, or show how many others it takes.", number(left))
	}
	return fmt.Sprintf("Not decided yet: %s more without a defect would accept. They are drawn within a minute.", number(r.Needed))
}

func (s *Server) sampleFacts(ctx context.Context, v *templates.Sample, one acceptance.Sample) error {
	batch, err := s.batchName(ctx, one.Batch)
	if err != nil {
		return err
	}
	scope := "those that waited then"
	switch one.Batch.Scope {
	case acceptance.All:
		scope = "all"
	case acceptance.Approved:
		scope = "those that were approved then"
	}
	v.Facts = []templates.Hidden{
		{Name: "Batch", Value: batch},
		{Name: "Of it", Value: scope + ", " + counted(one.Frame, "example", "examples")},
		{Name: "SHA-256 of their ids", Value: fmt.Sprintf("%x", one.FrameHash)},
		{Name: "Seed", Value: strconv.FormatInt(one.Seed, 10)},
		{Name: "Drawn", Value: one.CreatedAt.UTC().Format("2 January 2006, 15:04 UTC") + " by " + draw.Plain(one.Author)},
		{Name: "Rule", Value: "the smallest by SHA-256 of seed and id"},
	}
	if one.Series != "" {
		v.Facts = append(v.Facts, templates.Hidden{Name: "Series", Value: draw.Plain(one.Series)})
	}
	if !one.ClosedAt.IsZero() {
		v.Facts = append(v.Facts, templates.Hidden{Name: "Closed", Value: one.ClosedAt.UTC().Format("2 January 2006, 15:04 UTC") + " by " + draw.Plain(one.ClosedBy)})
	}
	v.VerifyURL = "/sampling/" + one.ID.String() + "?verify=1#drawn"
	return nil
}

func (s *Server) verified(ctx context.Context, one acceptance.Sample) (*templates.Flash, error) {
	check, err := s.samples.Verify(ctx, one.ID)
	if err != nil {
		return nil, err
	}
	if check.Same {
		return &templates.Flash{Kind: templates.FlashSuccess, Text: fmt.Sprintf("Drawn again: the same %s in the same order.", counted(one.N, "example", "examples"))}, nil
	}
	return &templates.Flash{Kind: templates.FlashWarning, Text: check.Why}, nil
}

// sampleActions are what the viewer may do with the sample as it stands.
func (s *Server) sampleActions(ctx context.Context, v *templates.Sample, one acceptance.Sample, r acceptance.Result, u account.User) error {
	path := "/sampling/" + one.ID.String()
	if one.State == acceptance.Open && r.Verdict == acceptance.Continue && r.Reviewed < r.Drawn {
		if err := s.sampleWork(ctx, v, one.ID, u); err != nil {
			return err
		}
	}
	if !u.Can(account.Measure) {
		return nil
	}
	if one.State == acceptance.Open {
		switch r.Verdict {
		case acceptance.Accept:
			v.Close = &templates.SampleClose{Label: "Accept the batch"}
		case acceptance.Reject:
			v.Close = &templates.SampleClose{Label: "Reject the batch", Danger: true}
		default:
			if one.Accept < 0 && r.Reviewed == r.Drawn && one.Drawn < one.N {
				v.More = &templates.Confirm{Summary: "Draw on now", Button: "Draw on", Action: path + "/more", Text: fmt.Sprintf("Gives %s more to review: as many as accept the batch if none is a defect.", number(r.Needed))}
			}
			v.Abandon = &templates.Confirm{Summary: "Abandon the sample", Button: "Abandon it", Action: path + "/abandon", Danger: true, Text: "Ends it without a verdict. What was decided on single examples stays."}
		}
		if v.Close != nil {
			v.Verdict = strings.Replace(v.Verdict, "A lead records it.", "Record it below.", 1)
			v.Close.Action = path + "/close"
			v.Close.Note = templates.Field{Name: "note", Label: "Note", Optional: true, Hint: "Kept with the verdict.", MaxLength: 2000}
		}
	}
	s.sampleReturn(v, one)
	return nil
}

// sampleWork leads the viewer to the queue of the sample, or says who has it.
func (s *Server) sampleWork(ctx context.Context, v *templates.Sample, sample uuid.UUID, u account.User) error {
	running, ok, err := s.samples.Running(ctx, sample)
	if err != nil {
		return err
	}
	if !ok {
		v.Elsewhere = "What is left is in nobody's queue. Open it from the list below to decide it."
		return nil
	}
	work, err := s.assignments.Get(ctx, running)
	if err != nil {
		return err
	}
	if u.Can(account.Review) && (work.Everybody || slices.ContainsFunc(work.People, func(p assign.Person) bool { return p.ID == u.ID })) {
		v.Review = &templates.Link{Label: "Review the sample", URL: "/review/assigned/" + running.String(), Icon: "review", Style: templates.ButtonPrimary}
		return nil
	}
	if !u.Can(account.Assign) {
		v.Elsewhere = "It waits in the queue of those who were asked to review it."
		return nil
	}
	names := make([]string, len(work.People))
	for i, p := range work.People {
		names[i] = draw.Plain(p.Name)
	}
	switch {
	case work.Everybody:
		v.Elsewhere = "It waits in the queue of everybody who reviews."
	case len(names) > namedReviewers:
		v.Elsewhere = fmt.Sprintf("It waits in the queue of %s and %s.", strings.Join(names[:namedReviewers], ", "), counted(len(names)-namedReviewers, "other", "others"))
	default:
		v.Elsewhere = fmt.Sprintf("It waits in the queue of %s.", strings.Join(names, ", "))
	}
	if !work.Everybody && u.Can(account.Review) {
		v.Elsewhere += " You were not asked to review it."
	}
	v.Work = &templates.Link{Label: "See or hand over the assignment", URL: "/assignments/" + running.String()}
	return nil
}

// namedReviewers is how many of those who review a sample its page names.
const namedReviewers = 5

// sampleReturn leads from a rejected batch to the act that sends it back, which is
// looked at before it does anything.
func (s *Server) sampleReturn(v *templates.Sample, one acceptance.Sample) {
	if one.State != acceptance.Rejected {
		return
	}
	v.Return = &templates.Confirm{
		Summary: "Send the batch back", Button: "See what would happen", Action: "/sampling/" + one.ID.String() + "/return", Danger: true,
		Text: "Rejects what waits of the batch in one act. You see first what it would do, and can undo all of it afterwards. What people approved one by one stays.",
	}
	if one.Batch.Scope == acceptance.Approved {
		v.Return.Text = "Rejects all of the batch that is approved in one act. You see first what it would do, and can undo all of it afterwards."
	}
	if one.Batch.Scope == acceptance.All {
		v.Return.Text = "Rejects all of the batch in one act, approved examples too. You see first what it would do, and can undo all of it afterwards."
	}
	if one.Returned != uuid.Nil {
		v.Returned = &templates.Link{Label: "The act that sends it back", URL: "/acts/" + one.Returned.String()}
	}
}

// sendBack handles POST /sampling/{id}/return: it drafts the act and shows it.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	act, err := s.samples.SendBack(r.Context(), u.Actor(), id)
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
		return s.sampleAction(w, r, id, func(audit.Actor, url.Values) (string, error) { return "", err })
	}
	if err != nil {
		return err
	}
	redirect(w, r, "/acts/"+act.String())
	return nil
}

// itemWords are what items count as.
var itemWords = map[acceptance.Outcome]string{
	acceptance.Waits: "not decided yet", acceptance.Good: "good", acceptance.Mended: "approved after an edit", acceptance.Refused: "rejected",
}

func (s *Server) sampleItems(ctx context.Context, v *templates.Sample, one acceptance.Sample, q url.Values) error {
	after := 0
	if text := q.Get("after"); text != "" {
		var err error
		if after, err = strconv.Atoi(text); err != nil || after < 0 {
			return fault.New(fault.Invalid, "This page of the sample does not exist. Go back to its first page.")
		}
	}
	items, err := s.samples.Items(ctx, one, after, itemRows)
	if err != nil {
		return err
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return err
	}
	for _, i := range items {
		v.Items = append(v.Items, sampleItem(c, one, i))
	}
	path := "/sampling/" + one.ID.String()
	v.Pager.Untimed = true
	if after > 0 {
		v.Pager.First = path + "#items"
	}
	if last := after + len(items); len(items) == itemRows && last < one.Drawn {
		v.Pager.Older = path + "?after=" + strconv.Itoa(last) + "#items"
	}
	return nil
}

func sampleItem(c *catalog.Catalog, one acceptance.Sample, i acceptance.Item) templates.SampleItem {
	return templates.SampleItem{
		Ordinal: strconv.Itoa(i.Ordinal), URL: "/examples/" + i.ExampleID.String(), Name: kindName(c, i.Category, i.Subcategory), Status: string(i.Status),
		Outcome: itemWords[i.Outcome], Defect: i.Outcome == acceptance.Refused || i.Outcome == acceptance.Mended && one.Edits,
	}
}

// closeSample handles POST /sampling/{id}/close.
func (s *Server) closeSample(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.sampleAction(w, r, id, func(by audit.Actor, form url.Values) (string, error) {
		state, err := s.samples.Close(r.Context(), by, id, form.Get("note"))
		if state == acceptance.Rejected {
			return "The batch is rejected, and that is on record. It can go back as a whole now.", err
		}
		return "The batch is accepted, and that is on record.", err
	})
}

// drawOn handles POST /sampling/{id}/more.
func (s *Server) drawOn(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.sampleAction(w, r, id, func(by audit.Actor, _ url.Values) (string, error) {
		more, err := s.samples.DrawOn(r.Context(), by, id)
		if !more {
			return "Nothing more is needed now.", err
		}
		return "More examples are drawn and given to review.", err
	})
}

// abandonSample handles POST /sampling/{id}/abandon.
func (s *Server) abandonSample(w http.ResponseWriter, r *http.Request) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.sampleAction(w, r, id, func(by audit.Actor, form url.Values) (string, error) {
		return "The sample is abandoned.", s.samples.Abandon(r.Context(), by, id, form.Get("note"))
	})
}
