package ui

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// importStyles are the style sheets of pages that show rows.
func importStyles() []string { return []string{"css/review.css", "css/imports.css"} }

// Phases of an import, as far as its page differs.
const (
	phaseLive        = "live"
	phaseStopping    = "stopping"
	phaseInterrupted = "interrupted"
	phaseOver        = "over"
)

func phaseOf(run ingest.Run) string {
	switch {
	case run.State != ingest.StateQueued && run.State != ingest.StateRunning:
		return phaseOver
	case run.Interrupted:
		return phaseInterrupted
	case run.CancelAsked:
		return phaseStopping
	}
	return phaseLive
}

func stateOf(run ingest.Run) templates.ImportState {
	switch {
	case run.Interrupted:
		return templates.ImportState{Kind: templates.ImportInterrupted, Word: "Interrupted"}
	case run.State == ingest.StateQueued:
		return templates.ImportState{Kind: templates.ImportWaiting, Word: "Waiting"}
	case run.State == ingest.StateRunning && run.CancelAsked:
		return templates.ImportState{Kind: templates.ImportRunning, Word: "Stopping"}
	case run.State == ingest.StateRunning:
		return templates.ImportState{Kind: templates.ImportRunning, Word: "Running"}
	case run.State == ingest.StateDone:
		return templates.ImportState{Kind: templates.ImportDone, Word: "Done"}
	case run.State == ingest.StateFailed:
		return templates.ImportState{Kind: templates.ImportFailed, Word: "Failed"}
	}
	return templates.ImportState{Kind: templates.ImportCancelled, Word: "Cancelled"}
}

func importRow(run ingest.Run, who string, now time.Time) templates.ImportRow {
	return templates.ImportRow{
		Name: run.Name, URL: importURL(run.ID), State: stateOf(run), Who: who, At: moment(run.CreatedAt, now), Demo: run.Demo,
		Rows: number(run.Rows), New: number(run.Inserted), Duplicates: number(run.Duplicates), Refused: number(run.Rejected),
	}
}

func noImports(may bool) *templates.Empty {
	e := &templates.Empty{Title: "Nothing was imported yet", Text: "Somebody who may import has to bring the first file in."}
	if may {
		e.Text = "Bring the first file in: JSON Lines, JSON or CSV, as it came from wherever it came from."
		e.Actions = []templates.Link{{Label: "Import the first file", URL: "/imports/new", Icon: "imports", Style: templates.ButtonPrimary}}
	}
	return e
}

// formatWords are the formats as people say them.
var formatWords = map[decode.Format]string{
	decode.OpenAI: "OpenAI chat", decode.ShareGPT: "ShareGPT", decode.Alpaca: "Alpaca",
	decode.PromptCompletion: "Prompt and completion", decode.VoiceFitInjury: "VoiceFit injury research", decode.Mapped: "Fields of your choice",
}

func formatWord(f decode.Format) string { return cmp.Or(formatWords[f], string(f)) }

// importLive says how far an import is. The rate is that of all the time since
// it was begun.
func importLive(run ingest.Run, now time.Time) *templates.ImportLive {
	l := &templates.ImportLive{
		URL:  importURL(run.ID) + "/progress?seen=" + phaseOf(run),
		Rows: number(run.Rows), Bytes: byteSize(run.BytesRead) + " of " + byteSize(run.BytesTotal),
	}
	switch {
	case run.State == ingest.StateQueued:
		l.Words = "Waiting for its turn."
	case run.Interrupted:
		l.Words, l.Note = "Interrupted.", "Nothing was heard of its worker for 30 seconds. Another one takes it over by itself, or resume it now. Nothing is lost."
	case run.CancelAsked:
		l.Words = "Stopping. What is in stays in."
	default:
		l.Words = "Coming in."
	}
	if run.BytesTotal > 0 {
		l.Value, l.Max = strconv.FormatInt(run.BytesRead, 10), strconv.FormatInt(run.BytesTotal, 10)
	}
	if run.Rows > 0 {
		l.Counts = importCounts(run) + " so far."
	}
	if run.State != ingest.StateRunning || run.Interrupted || run.StartedAt == nil {
		return l
	}
	took := now.Sub(*run.StartedAt)
	if took < time.Second || run.Rows == 0 || run.BytesRead == 0 {
		return l
	}
	l.Rate = counted(int64(float64(run.Rows)/took.Seconds()), "row", "rows") + " a second"
	l.Left = roughly(time.Duration(float64(took) * float64(run.BytesTotal-run.BytesRead) / float64(run.BytesRead)))
	return l
}

// roughly says how long something will take, the way people wait.
func roughly(d time.Duration) string {
	switch {
	case d < 5*time.Second:
		return "a moment"
	case d < time.Minute:
		return fmt.Sprintf("about %d seconds", int(d.Round(5*time.Second).Seconds()))
	case d < time.Hour:
		return "about " + counted(int(d.Round(time.Minute).Minutes()), "minute", "minutes")
	}
	return "about " + counted(int(d.Round(time.Hour).Hours()), "hour", "hours")
}

// importCounts is "50 rows: 48 new, 1 duplicate, 1 refused".
func importCounts(run ingest.Run) string {
	return counted(run.Rows, "row", "rows") + ": " + number(run.Inserted) + " new, " +
		counted(run.Duplicates, "duplicate", "duplicates") + ", " + number(run.Rejected) + " refused"
}

// importView is the page of an import.
func (s *Server) importView(r *http.Request, run ingest.Run) (templates.Import, error) {
	ctx := r.Context()
	u, _ := userOf(ctx)
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return templates.Import{}, err
	}
	v := templates.Import{
		Name: run.Name, URL: importURL(run.ID), State: stateOf(run), Demo: run.Demo,
		Facts: importFacts(run, s.people(ctx)(run.CreatedBy), c),
	}
	phase := phaseOf(run)
	if u.Can(account.Import) {
		if phase == phaseLive || phase == phaseInterrupted {
			v.Cancel = &templates.Confirm{
				Summary: "Cancel", Button: "Cancel the import", Danger: true, Action: v.URL + "/cancel",
				Text: "The rows that are in stay in, the rest is left out. You can resume later from the same place.",
			}
		}
		if phase == phaseInterrupted || run.State == ingest.StateFailed || run.State == ingest.StateCancelled {
			v.Resume = v.URL + "/resume"
		}
	}
	if phase != phaseOver {
		v.Live = importLive(run, s.now())
		return v, nil
	}
	if err := s.importOutcome(ctx, run, &v); err != nil {
		return v, err
	}
	return v, s.importDetails(r, run, c, u, &v)
}

// importOutcome says in words what came of an import that is over.
func (s *Server) importOutcome(ctx context.Context, run ingest.Run, v *templates.Import) error {
	v.Headline = importCounts(run)
	switch run.State {
	case ingest.StateFailed:
		v.Problem = run.Error
		v.Notes = append(v.Notes, "It stopped after "+counted(run.Rows, "row", "rows")+" ("+byteSize(run.BytesRead)+" of "+byteSize(run.BytesTotal)+"). What is in stays in; resuming goes on from there and doubles nothing.")
	case ingest.StateCancelled:
		v.Notes = append(v.Notes, "It was cancelled after "+counted(run.Rows, "row", "rows")+" ("+byteSize(run.BytesRead)+" of "+byteSize(run.BytesTotal)+"). What is in stays in; resuming goes on from there and doubles nothing.")
	case ingest.StateDone, ingest.StateQueued, ingest.StateRunning:
		if run.RepeatOf == nil && run.Rows > 0 && run.Duplicates == run.Rows {
			v.Notes = append(v.Notes, "Every row was here already, from other files. Nothing was doubled.")
		}
		if run.Rows == 0 {
			v.Notes = append(v.Notes, "There are no rows in this file.")
		}
	}
	if run.RepeatOf == nil {
		return nil
	}
	first, err := s.imports.Get(ctx, *run.RepeatOf)
	if err != nil {
		return err
	}
	text := "This very file was imported on " + dayAndTime(first.CreatedAt)
	if first.Name != run.Name {
		text += " as " + first.Name
	}
	if run.Inserted == 0 {
		text += ": nothing was doubled."
	} else {
		text += ": only rows that were not in yet came in now."
	}
	v.Repeat = &templates.ImportRepeat{Text: text, URL: importURL(first.ID)}
	return nil
}

func dayAndTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// importDetails adds everything that can be counted and followed.
func (s *Server) importDetails(r *http.Request, run ingest.Run, c *catalog.Catalog, u account.User, v *templates.Import) error {
	ctx := r.Context()
	v.Figures = []templates.Figure{
		{Label: "Rows", Value: number(run.Rows)},
		{Label: "New", Value: number(run.Inserted)},
		{Label: "Duplicates", Value: number(run.Duplicates)},
		{Label: "Refused", Value: number(run.Rejected)},
	}
	if run.Inserted > 0 {
		v.Figures[1].URL = importedURL(run.ID, "", "")
		v.Next = append(v.Next, templates.Link{Label: "Show the examples", URL: v.Figures[1].URL, Icon: "examples"})
		categories, err := s.imports.Categories(ctx, run.ID)
		if err != nil {
			return err
		}
		for _, k := range categories {
			v.Categories = append(v.Categories, categoryOfImport(run, k, c, u.Can(account.Review)))
		}
		if err := s.importFindings(ctx, run, v); err != nil {
			return err
		}
	}
	if run.Duplicates > 0 {
		v.Figures[2].URL = "#duplicates"
		list, err := s.imports.Duplicates(ctx, run.ID, -1, shownDuplicates)
		if err != nil {
			return err
		}
		for _, d := range list {
			v.Duplicates = append(v.Duplicates, duplicateView(d, run.ID))
		}
		if run.Duplicates > shownDuplicates {
			v.DuplicatesURL, v.DuplicatesNote = v.URL+"/duplicates", "All "+number(run.Duplicates)
		}
	}
	if run.Rejected > 0 {
		v.Figures[3].URL = "#rejects"
		return s.importRejects(r, run, c, u, v)
	}
	return nil
}

func categoryOfImport(run ingest.Run, k ingest.CategoryCount, c *catalog.Catalog, reviews bool) templates.ImportCategory {
	v := templates.ImportCategory{Name: k.Category, Count: counted(k.Rows, "example", "examples"), ExamplesURL: importedURL(run.ID, k.Category, "")}
	if cat, ok := c.Category(k.Category); ok {
		v.Name = cat.Name
		if reviews {
			v.ReviewURL = "/review/" + url.PathEscape(cat.Slug)
		}
	}
	return v
}

func (s *Server) importFindings(ctx context.Context, run ingest.Run, v *templates.Import) error {
	found, err := s.imports.Findings(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, f := range found {
		v.Findings = append(v.Findings, templates.ImportFinding{
			Rule: f.Rule, Severity: string(f.Severity), Count: number(f.Examples), URL: importedURL(run.ID, "", f.Rule),
		})
	}
	if run.Inserted > ingest.FindingsCounted {
		v.FindingsOf = "in the first " + number(int64(ingest.FindingsCounted)) + " examples"
	}
	return nil
}

func duplicateView(d ingest.Duplicate, in uuid.UUID) templates.ImportDuplicate {
	v := templates.ImportDuplicate{Line: number(d.Line)}
	switch {
	case d.Of.Import == uuid.Nil:
		v.Text, v.Link = "the same as an example that was removed since", "removed"
		return v
	case d.Of.Import == in:
		v.Text = "the same as line " + number(d.Of.Line) + " of this file"
	default:
		v.Text = "the same as line " + number(d.Of.Line) + " of " + d.Of.Name
	}
	v.URL, v.Link, v.Status = "/examples/"+d.Example.String(), "…"+d.Example.String()[28:], string(d.Of.Status)
	return v
}

func importFacts(run ingest.Run, who string, c *catalog.Catalog) []templates.Fact {
	facts := []templates.Fact{{Name: "Size", Value: byteSize(run.BytesTotal)}, {Name: "Format", Value: formatWord(run.Format)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, templates.Fact{Name: name, Value: value})
		}
	}
	if cat, ok := c.Category(run.Options.Category); ok {
		add("Category", cat.Name+", for all rows")
		if sub, ok := cat.Subcategory(run.Options.Subcategory); ok {
			add("Subcategory", sub.Name+", for all rows")
		}
	}
	fields := mappedFields(run.Options.Mapping)
	for _, target := range decode.MappingTargets {
		add("Field for "+target, fields[target])
	}
	add("Imported", dayAndTime(run.CreatedAt))
	add("By", who)
	add("Through", channelWords[run.Channel])
	if run.StartedAt != nil && run.FinishedAt != nil {
		add("Took", took(run.FinishedAt.Sub(*run.StartedAt)))
	}
	add("Licence", run.Licence)
	add("SHA-256", run.SHA256)
	return facts
}

var channelWords = map[ingest.Channel]string{
	ingest.ChannelPage: "this page", ingest.ChannelCommand: "the command line", ingest.ChannelAPI: "the API", ingest.ChannelDemo: "the demo",
}

// took writes a span of time that is over.
func took(d time.Duration) string {
	if d < 100*time.Millisecond {
		return "a moment"
	}
	if d < time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return d.Round(time.Second).String()
}

// mappedFields is a mapping by its targets.
func mappedFields(m *decode.Mapping) map[string]string {
	if m == nil {
		return nil
	}
	return map[string]string{
		"user": m.User, "assistant": m.Assistant, "system": m.System, "messages": m.Messages, "tools": m.Tools,
		"category": m.Category, "subcategory": m.Subcategory, "id": m.ID,
	}
}

const (
	shownRaw   = 1000      // bytes of a refused row in the table
	fixableRaw = 256 << 10 // bytes of refused rows that can be corrected in the page
)

// importRejects shows refused rows and offers to correct them.
func (s *Server) importRejects(r *http.Request, run ingest.Run, c *catalog.Catalog, u account.User, v *templates.Import) error {
	at, err := after(r, "rejects")
	if err != nil {
		return err
	}
	list, err := s.imports.Rejects(r.Context(), run.ID, at, shownRejects+1)
	if err != nil {
		return err
	}
	v.RejectsPager.Untimed = true
	if len(list) > shownRejects {
		list = list[:shownRejects]
		v.RejectsPager.Older = v.URL + "?rejects=" + strconv.FormatInt(list[len(list)-1].Offset, 10) + "#rejects"
	}
	if at >= 0 {
		v.RejectsPager.First = v.URL + "#rejects"
	}
	for _, x := range list {
		v.Rejects = append(v.Rejects, rejectView(x))
	}
	v.RejectsURL = v.URL + "/rejects.jsonl"
	if run.Rejected > shownRejects {
		v.RejectsNote = "The download has all " + number(run.Rejected) + ", with line, place, reason and their bytes."
	}
	if u.Can(account.Import) && len(list) > 0 {
		v.Fix = s.importFix(r.Context(), run, list, c)
	}
	return nil
}

func rejectView(x ingest.Reject) templates.ImportReject {
	v := templates.ImportReject{Line: number(x.Line), Reason: x.Reason}
	raw := x.Raw
	if len(raw) > shownRaw {
		cut := shownRaw
		for cut > 0 && !utf8.RuneStart(raw[cut]) {
			cut--
		}
		raw = raw[:cut]
	}
	v.Raw = draw.Text(string(raw))
	if int64(len(raw)) < x.Bytes {
		v.Note = "The first " + byteSize(int64(len(raw))) + " of " + byteSize(x.Bytes) + "."
	}
	return v
}

// importFix is the form with the refused rows, to be corrected and imported as
// a small file of their own. It is nil where none of them is short enough.
func (s *Server) importFix(ctx context.Context, run ingest.Run, list []ingest.Reject, c *catalog.Catalog) *templates.ImportFix {
	var rows []string
	left := fixableRaw
	for _, x := range list {
		if int64(len(x.Raw)) < x.Bytes || len(x.Raw) > left || len(bytes.TrimSpace(x.Raw)) == 0 {
			continue
		}
		left -= len(x.Raw)
		rows = append(rows, strings.ToValidUTF8(strings.TrimRight(string(x.Raw), "\r\n"), "\uFFFD"))
	}
	if len(rows) == 0 {
		return nil
	}
	hint := "Correct them, one after the other, and import them as a small file of their own. Bytes that are no text show as \uFFFD."
	if int64(len(rows)) < run.Rejected {
		hint += " These are " + number(len(rows)) + " of " + number(run.Rejected) + "; for the others, correct the download or the file itself."
	}
	text := strings.Join(rows, "\n") + "\n"
	if header := s.tableHeader(ctx, run); header != "" {
		hint += " The first line is the header of the table; leave it."
		text = header + text
	}
	ext := path.Ext(run.Name)
	form := chosen{
		Category: run.Options.Category, Subcategory: run.Options.Subcategory, Format: run.Format,
		Mapping: mappedFields(run.Options.Mapping), Licence: run.Licence, Name: strings.TrimSuffix(run.Name, ext) + ", corrected" + ext,
	}
	return &templates.ImportFix{
		Summary:  "Correct these rows here",
		Text:     templates.Field{ID: "fix-rows", Name: "rows", Label: "The refused rows", Hint: hint, Rows: min(4+2*len(rows), 24), Code: true, Value: text},
		Category: categoryChoice("fix-category", c, run.Options.Category, ""),
		Hidden:   form.hidden(),
	}
}

// errEnough ends the reading of a file whose beginning is all that is wanted.
var errEnough = errors.New("that is enough of the file")

// beginning keeps the first bytes that are written to it.
type beginning struct{ buf bytes.Buffer }

func (b *beginning) Write(p []byte) (int, error) {
	room := decode.SniffBytes - b.buf.Len()
	if len(p) < room {
		return b.buf.Write(p)
	}
	n, _ := b.buf.Write(p[:room])
	return n, errEnough
}

// tableHeader is the header line of a file that is a table, else empty: rows of
// a table mean nothing without it. What cannot be found out is left out; the
// person then sees the rows as they are.
func (s *Server) tableHeader(ctx context.Context, run ingest.Run) string {
	var head beginning
	err := s.imports.Original(ctx, &head, run.Source)
	if err != nil && !errors.Is(err, errEnough) {
		return ""
	}
	plain, _, err := decode.Uncompress(bytes.NewReader(head.buf.Bytes()))
	if err != nil {
		return ""
	}
	defer func() { _ = plain.Close() }()
	first, err := io.ReadAll(io.LimitReader(plain, decode.SniffBytes))
	found, _ := decode.Sniff(first, err == nil && len(first) < decode.SniffBytes, run.Name)
	if found.Container != decode.CSV || len(found.Header) == 0 {
		return ""
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = rune(found.Delimiter)
	if err := w.Write(found.Header); err != nil {
		return ""
	}
	w.Flush()
	return b.String()
}

// categoryChoice is the choice of a category for all rows. The id keeps two of
// them on one page apart.
func categoryChoice(id string, c *catalog.Catalog, selected, problem string) templates.Choice {
	choice := templates.Choice{
		ID: id, Name: "category", Label: "Category", Problem: problem,
		Hint:    "Where the rows belong. One that is chosen here holds for all rows of the file.",
		Options: []templates.Option{{Value: "", Label: "As each row says", Selected: selected == ""}},
	}
	for _, cat := range c.Categories {
		choice.Options = append(choice.Options, templates.Option{Value: cat.Slug, Label: cat.Name, Selected: cat.Slug == selected})
	}
	return choice
}

// fileName makes a name fit for a header: letters, digits and a few signs.
func fileName(name string) string {
	name = strings.TrimSuffix(name, path.Ext(name))
	parts := strings.FieldsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !slices.Contains([]rune{'.', '_'}, r)
	})
	return cmp.Or(strings.Join(parts, "-"), "rows")
}
