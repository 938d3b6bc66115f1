package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

const (
	maxChoiceBytes = 64 << 10 // of one field beside the file
	maxChoices     = 64
	maxTypedBytes  = 4 << 20  // of rows that were typed or corrected in the page
	fewRows        = 200      // a preview looks at no more: below that it has seen all
	drainBytes     = 64 << 20 // of a file that is refused, so that the browser hears why
)

// chosen is what a person says about a file, as they typed it.
type chosen struct {
	Category    string
	Subcategory string // a slug, or category/slug
	Format      decode.Format
	Mapping     map[string]string // fields by target
	Licence     string
	Name        string // of rows that were typed
}

// mappingName is the name of a form field.
func mappingName(target string) string { return "map." + target }

// set takes one value of a form. Names it does not know are the program's own
// buttons.
func (c *chosen) set(name, value string) {
	switch name {
	case "category":
		c.Category = value
	case "subcategory":
		c.Subcategory = value
	case "format":
		c.Format = decode.Format(value)
	case "licence":
		c.Licence = value
	case "name":
		c.Name = value
	}
	if target, ok := strings.CutPrefix(name, mappingName("")); ok && slices.Contains(decode.MappingTargets[:], target) {
		if c.Mapping == nil {
			c.Mapping = map[string]string{}
		}
		c.Mapping[target] = strings.TrimSpace(value)
	}
}

// choices reads what a query string says.
func choices(q url.Values) chosen {
	var c chosen
	for name := range q {
		c.set(name, q.Get(name))
	}
	return c
}

// hidden carries everything but the category along in a form.
func (c chosen) hidden() []templates.Hidden {
	var all []templates.Hidden
	add := func(name, value string) {
		if value != "" {
			all = append(all, templates.Hidden{Name: name, Value: value})
		}
	}
	add("subcategory", c.Subcategory)
	add("format", string(c.Format))
	for _, target := range decode.MappingTargets {
		add(mappingName(target), c.Mapping[target])
	}
	add("licence", c.Licence)
	add("name", c.Name)
	return all
}

// options checks what was chosen. The fields of its faults are those of the
// form.
func (c chosen) options() (ingest.Options, error) {
	o := ingest.Options{Category: c.Category, Subcategory: c.Subcategory}
	if of, sub, ok := strings.Cut(c.Subcategory, "/"); ok {
		o.Subcategory = sub
		if o.Category == "" {
			o.Category = of
		}
		if o.Category != of {
			return o, fault.Fields("The subcategory belongs to another category.", map[string]string{"subcategory": "Choose one of the category above, or none."})
		}
	}
	var err error
	if o.Format, err = decode.ParseFormat(string(c.Format)); err != nil {
		return o, fault.Fields("There is no such format.", map[string]string{"format": "Choose one of the list."})
	}
	var pairs []string
	for _, target := range decode.MappingTargets {
		if field := c.Mapping[target]; field != "" {
			pairs = append(pairs, target+"="+field)
		}
	}
	if len(pairs) > 0 && o.Format != decode.Auto && o.Format != decode.Mapped {
		return o, fault.Fields("Fields are named, but the format is a known one.", map[string]string{"format": "Choose “" + formatWords[decode.Mapped] + "”, or name no fields."})
	}
	o.Mapping, err = decode.ParseMapping(pairs)
	f, ok := fault.As(err)
	switch {
	case ok:
		fields := map[string]string{}
		for target, text := range f.Fields {
			fields[mappingName(target)] = text
		}
		return o, fault.Fields(f.Msg, fields)
	case err != nil:
		return o, err
	case o.Mapping == nil && o.Format == decode.Mapped:
		return o, fault.Fields("Say which field is which.", map[string]string{
			mappingName("user"): "Name the field with the user's words.", mappingName("assistant"): "Name the field with the answer.",
		})
	}
	return o, nil
}

// showImportForm handles GET /imports/new.
func (s *Server) showImportForm(w http.ResponseWriter, r *http.Request) error {
	c, _, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	return s.show(w, r, templates.ImportNewPage(s.importNewFrame(w, r), s.importForm(c, choices(r.URL.Query()), nil)))
}

func (s *Server) importNewFrame(w http.ResponseWriter, r *http.Request) templates.Page {
	p := s.frame(w, r, "Import", templates.SectionImports)
	p.Styles, p.Modules = importStyles(), []string{"js/import.js"}
	return p
}

// importForm is the form with what was chosen and what is wrong with it, by
// the names of fields.
func (s *Server) importForm(c *catalog.Catalog, had chosen, problems map[string]string) templates.ImportForm {
	f := templates.ImportForm{
		Category: categoryChoice("", c, had.Category, problems["category"]),
		Subcategory: templates.GroupedChoice{
			Name: "subcategory", Label: "Subcategory", Problem: problems["subcategory"],
			Groups: []templates.OptionGroup{{Options: []templates.Option{{Label: "As each row says"}}}},
		},
		Format: templates.Choice{Name: "format", Label: "Format", Problem: problems["format"], Options: []templates.Option{{Label: "Look at the data"}}},
		Licence: templates.Field{
			Name: "licence", Label: "Licence or source", Optional: true, Value: had.Licence, MaxLength: 200, Problem: problems["licence"],
		},
		MaxBytes: "", Open: had.Subcategory != "" || had.Format != "" || len(had.Mapping) > 0 || had.Licence != "",
	}
	for _, cat := range c.Categories {
		g := templates.OptionGroup{Label: cat.Name}
		for _, sub := range cat.Subcategories {
			value := cat.Slug + "/" + sub.Slug
			g.Options = append(g.Options, templates.Option{
				Value: value, Label: sub.Name, Selected: had.Subcategory == value || had.Subcategory == sub.Slug && had.Category == cat.Slug,
			})
		}
		if len(g.Options) > 0 {
			f.Subcategory.Groups = append(f.Subcategory.Groups, g)
		}
	}
	for _, format := range decode.Formats {
		f.Format.Options = append(f.Format.Options, templates.Option{Value: string(format), Label: formatWord(format), Selected: format == had.Format})
	}
	for _, target := range decode.MappingTargets {
		name := mappingName(target)
		f.Mapping = append(f.Mapping, templates.Field{
			Name: name, Label: targetWords[target], Value: had.Mapping[target], Problem: problems[name], Optional: target != "user" && target != "assistant",
		})
	}
	if s.maxUpload > 0 {
		f.MaxBytes, f.TooLarge = strconv.FormatInt(s.maxUpload, 10), s.tooLarge().Msg
	}
	return f
}

// targetWords are the parts of a row that a mapping names.
var targetWords = map[string]string{
	"user": "The user's words", "assistant": "The answer", "system": "The system prompt", "messages": "A whole list of messages",
	"tools": "The tools", "category": "The category", "subcategory": "The subcategory", "id": "The row's own id",
}

func (s *Server) tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "The file is larger than the %s that this server takes at once. Split it, or import it on the server with: spotter import FILE.", byteSize(s.maxUpload))
}

// previewImport handles POST /imports/preview: the body is the beginning of a
// file, at most decode.SniffBytes, and the query what was chosen for it, its
// name and its size.
func (s *Server) previewImport(w http.ResponseWriter, r *http.Request) error {
	head, err := io.ReadAll(io.LimitReader(r.Body, decode.SniffBytes))
	if err != nil {
		return malformed(err)
	}
	q := r.URL.Query()
	whole := len(head) < decode.SniffBytes
	if size, err := strconv.ParseInt(q.Get("size"), 10, 64); err == nil {
		whole = size <= int64(len(head))
	}
	c, _, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	had := choices(q)
	o, err := had.options()
	var p ingest.Preview
	if f, ok := fault.As(err); ok && incomplete(had, f) {
		// Fields are still being chosen: what there is to choose from is shown.
		p, err = s.imports.Preview(r.Context(), head, whole, q.Get("name"), ingest.Options{Category: o.Category, Subcategory: o.Subcategory})
		p.Refusal, p.Format, p.Rows, p.Sampled, p.Categories, p.Refusals = f.Msg, decode.Mapped, nil, 0, nil, nil
	} else if err == nil {
		p, err = s.imports.Preview(r.Context(), head, whole, q.Get("name"), o)
	}
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		p, err = ingest.Preview{Refusal: strings.Join(append([]string{f.Msg}, slices.Sorted(maps.Values(f.Fields))...), " ")}, nil
	}
	if err != nil {
		return err
	}
	v, err := s.previewView(p, had, c, whole)
	if err != nil {
		return err
	}
	if q.Get("brief") != "" {
		return s.show(w, r, templates.ImportBriefView(v))
	}
	return s.show(w, r, templates.ImportPreviewView(v))
}

// incomplete says whether what is wrong is only that not all fields are named
// yet.
func incomplete(had chosen, f *fault.Error) bool {
	if had.Format != "" && had.Format != decode.Auto && had.Format != decode.Mapped {
		return false
	}
	for name := range f.Fields {
		if !strings.HasPrefix(name, mappingName("")) {
			return false
		}
	}
	return len(f.Fields) > 0
}

func (s *Server) previewView(p ingest.Preview, had chosen, c *catalog.Catalog, whole bool) (templates.ImportPreview, error) {
	v := templates.ImportPreview{Format: formatWord(p.Format), Why: p.Why, Refusal: p.Refusal, Whole: whole, Refusals: p.Refusals}
	switch p.Compression {
	case "":
	case "gzip", "zstd":
		v.Why = strings.TrimSpace("Packed with " + p.Compression + ". " + v.Why)
	}
	if p.Sampled > 0 {
		v.Summary = previewSummary(p, whole)
	}
	if p.Refusal != "" && p.Nameless > 0 {
		v.Refusal = "The rows of this file do not say which category they belong to. Choose one for all of them:"
		for _, cat := range c.Categories {
			v.Choose = append(v.Choose, templates.Option{Value: cat.Slug, Label: cat.Name})
		}
		if p.Nameless == p.Rejected {
			v.Refusals = nil // it is said already
		}
	}
	for _, k := range p.Categories {
		name := k.Category
		if cat, ok := c.Category(k.Category); ok {
			name = cat.Name
		}
		v.Categories = append(v.Categories, templates.Fact{Name: name, Value: number(k.Rows)})
	}
	if len(p.Fields) > 1 && (p.Format == decode.Mapped || p.Format == "" && p.Container != "") {
		v.Mapping = fieldChoices(p.Fields, had.Mapping)
	}
	for i, row := range p.Rows {
		drawn, err := s.previewRow(i, row, c)
		if err != nil {
			return v, err
		}
		v.Rows = append(v.Rows, drawn)
	}
	return v, nil
}

// previewSummary counts what would become of the rows that were looked at.
func previewSummary(p ingest.Preview, whole bool) string {
	which := "The first " + counted(p.Sampled, "row", "rows")
	switch {
	case p.Sampled == 1 && whole:
		which = "The one row"
	case p.Sampled == 1:
		which = "The first row"
	case whole && p.Sampled < fewRows:
		which = "All " + counted(p.Sampled, "row", "rows")
	}
	var parts []string
	add := func(n int, what string) {
		switch n {
		case 0:
		case p.Sampled:
			parts = append(parts, what)
		default:
			parts = append(parts, number(n)+" "+what)
		}
	}
	add(p.Sampled-p.Rejected, "can go in")
	if p.Nameless == 1 {
		add(p.Nameless, "needs a category")
	} else {
		add(p.Nameless, "need a category")
	}
	add(p.Rejected-p.Nameless, "would be refused")
	if len(parts) == 1 {
		return which + " " + parts[0] + "."
	}
	return which + ": " + strings.Join(parts, ", ") + "."
}

// fieldChoices are the select boxes for the parts of a row. A field that was
// chosen stays in the list even where no row of the sample has it.
func fieldChoices(fields []string, had map[string]string) []templates.Choice {
	var list []templates.Choice
	for _, target := range decode.MappingTargets {
		name := mappingName(target)
		c := templates.Choice{ID: "choose-" + target, Name: name, Label: targetWords[target], Options: []templates.Option{{Label: "not in the rows"}}}
		all := fields
		if had[target] != "" && !slices.Contains(fields, had[target]) {
			all = append([]string{had[target]}, fields...)
		}
		for _, f := range all {
			c.Options = append(c.Options, templates.Option{Value: f, Label: draw.Plain(f), Selected: f == had[target]})
		}
		list = append(list, c)
	}
	return list
}

// previewRow draws one of the first rows as reviewers will see it.
func (s *Server) previewRow(i int, row ingest.PreviewRow, c *catalog.Catalog) (templates.ImportPreviewRow, error) {
	v := templates.ImportPreviewRow{Line: number(row.Line), Refused: row.Reason}
	if row.Reason != "" {
		return v, nil
	}
	cat, _ := c.Category(row.Category)
	v.Place, v.Tokens = placeWords(cat, row.Category, row.Subcategory), counted(row.Tokens, "token", "tokens")
	drawn, anchors, err := s.drawer.Conversation(draw.Subject{
		Prefix: "row" + strconv.Itoa(i), Category: cat, Subcategory: row.Subcategory, Conversation: row.Conversation, Findings: row.Findings,
	})
	if err != nil {
		return v, fmt.Errorf("draw line %d: %w", row.Line, err)
	}
	v.Conversation = drawn
	for k, f := range row.Findings {
		v.Findings = append(v.Findings, s.noteOf(cat, f, anchors[k]))
	}
	return v, nil
}

func (s *Server) noteOf(cat catalog.Category, f lint.Finding, anchor string) templates.ImportNote {
	return templates.ImportNote{Severity: string(f.Severity), Text: s.drawer.Finding(cat, f.Message), Rule: f.Rule, Anchor: anchor}
}

func placeWords(cat catalog.Category, category, subcategory string) string {
	words := category
	if cat.Name != "" {
		words = cat.Name
	}
	if subcategory == "" {
		return words
	}
	if sub, ok := cat.Subcategory(subcategory); ok {
		subcategory = sub.Name
	}
	return words + ", " + subcategory
}

// An intake is what a form with files came to.
type intake struct {
	chosen   chosen
	taken    []ingest.Run
	problems []fileProblem
}

// A fileProblem is a file that was not taken, or something else that was not
// done as asked.
type fileProblem struct {
	name string
	err  *fault.Error
}

func (p fileProblem) sentence() string {
	if p.name == "" {
		return p.err.Msg
	}
	return draw.Plain(p.name) + ": " + p.err.Msg
}

// status is that of the answer: the gravest of the problems.
func (in intake) status() int {
	status := http.StatusUnprocessableEntity
	for _, p := range in.problems {
		status = max(status, statusOf[p.err.Kind])
		if p.err.Kind == fault.TooLarge {
			return http.StatusRequestEntityTooLarge
		}
	}
	return status
}

// createImport handles POST /imports: a form with what was chosen and then one
// or more files, or rows that were typed. The files go to the store as they
// come; nothing of them is kept here.
func (s *Server) createImport(w http.ResponseWriter, r *http.Request) error {
	body := r.Body
	r.Body = patientReader{body, http.NewResponseController(w)}
	in, err := s.receive(r)
	if err != nil {
		return err
	}
	if len(in.taken) == 0 && len(in.problems) == 0 {
		in.problems = []fileProblem{{err: fault.Fields("Choose a file first.", map[string]string{"file": "Choose a file here, or drop one."})}}
	}
	if len(in.problems) > 0 {
		return s.importProblems(w, r, in)
	}
	if isHTMX(r) { // the page's script, which sends files one by one
		run := in.taken[0]
		w.Header().Set("Location", importURL(run.ID))
		s.render(w, r, http.StatusCreated, templates.ImportAccepted(run.Name, importURL(run.ID)))
		return nil
	}
	if len(in.taken) == 1 {
		redirect(w, r, importURL(in.taken[0].ID))
		return nil
	}
	if err := s.flash(w, r, templates.FlashSuccess, number(len(in.taken))+" files are coming in."); err != nil {
		return err
	}
	redirect(w, r, "/imports")
	return nil
}

// importProblems answers with the form again and what is wrong.
func (s *Server) importProblems(w http.ResponseWriter, r *http.Request, in intake) error {
	sentences, fields := []string{}, map[string]string{}
	for _, p := range in.problems {
		sentences = append(sentences, p.sentence())
		maps.Copy(fields, p.err.Fields)
	}
	if isHTMX(r) {
		s.render(w, r, in.status(), templates.ImportRefused(sentences))
		return nil
	}
	c, _, err := s.catalogs.CurrentVersion(r.Context())
	if err != nil {
		return err
	}
	f := s.importForm(c, in.chosen, fields)
	f.Problem, f.FileProblem = sentences[0], fields["file"]
	if len(sentences) > 1 {
		f.Problem, f.Problems = "Not everything came in.", sentences
	}
	for _, run := range in.taken {
		f.Taken = append(f.Taken, templates.Link{Label: run.Name, URL: importURL(run.ID)})
	}
	s.render(w, r, in.status(), templates.ImportNewPage(s.importNewFrame(w, r), f))
	return nil
}

// receive reads a form part by part. A file that can't be taken does not keep
// the next one from coming in; a connection that breaks ends everything.
func (s *Server) receive(r *http.Request) (intake, error) {
	var in intake
	form, err := r.MultipartReader()
	if err != nil {
		return in, malformed(err)
	}
	for fields := 0; ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return in, brokenUpload(err)
		}
		switch name := part.FormName(); {
		case name == "file" && part.FileName() == "": // the box was left empty
		case name == "file":
			err = s.take(r, &in, part, part.FileName(), part.Header.Get("Content-Type"))
		case name == "rows":
			err = s.takeTyped(r, &in, part)
		default:
			if fields++; fields > maxChoices {
				return in, malformed(errors.New("too many fields"))
			}
			err = in.choose(name, part)
		}
		if err != nil {
			return in, err
		}
		if len(in.problems) > 0 && in.status() == http.StatusRequestEntityTooLarge {
			_, _ = io.CopyN(io.Discard, r.Body, drainBytes) // what is left would be sent for nothing
			return in, nil
		}
	}
}

// choose reads a field. One that comes after a file was not known when the
// file came in, which is said and not passed over.
func (in *intake) choose(name string, part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxChoiceBytes+1))
	if err != nil {
		return brokenUpload(err)
	}
	if len(value) > maxChoiceBytes {
		return malformed(errors.New("a field is too long"))
	}
	before := in.chosen.hidden()
	category := in.chosen.Category
	in.chosen.set(name, string(value))
	if (len(in.taken) > 0 || len(in.problems) > 0) && (category != in.chosen.Category || !slices.Equal(before, in.chosen.hidden())) {
		in.problems = append(in.problems, fileProblem{err: fault.New(fault.Invalid, "“%s” came after the file and was not used for it. Put the file last in the form.", draw.Plain(name))})
	}
	return nil
}

// take stores one file.
func (s *Server) take(r *http.Request, in *intake, file io.Reader, name, mediaType string) error {
	o, err := in.chosen.options()
	if err == nil {
		u, _ := userOf(r.Context())
		var run ingest.Run
		run, err = s.imports.Store(r.Context(), &upload{r: file, limit: s.maxUpload, tooLarge: s.tooLarge}, ingest.Upload{
			Name: name, MediaType: mediaType, Licence: in.chosen.Licence, Channel: ingest.ChannelPage, By: u.Actor(), Options: o,
		})
		if err == nil {
			in.taken = append(in.taken, run)
			return nil
		}
	}
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.TooLarge {
		return err
	}
	in.problems = append(in.problems, fileProblem{name: name, err: f})
	return nil
}

// takeTyped stores rows that were typed. Browsers send line ends as carriage
// return and line feed; files here have the latter alone.
func (s *Server) takeTyped(r *http.Request, in *intake, part io.Reader) error {
	typed, err := io.ReadAll(io.LimitReader(part, maxTypedBytes+1))
	if err != nil {
		return brokenUpload(err)
	}
	if len(typed) > maxTypedBytes {
		in.problems = append(in.problems, fileProblem{err: fault.New(fault.TooLarge, "These are more rows than can be typed into a page. Import them as a file.")})
		return nil
	}
	name := in.chosen.Name
	if name == "" {
		name = "typed rows"
	}
	return s.take(r, in, bytes.NewReader(bytes.ReplaceAll(typed, []byte("\r\n"), []byte("\n"))), name, "text/plain")
}

// brokenUpload is the fault for a form that did not arrive whole.
func brokenUpload(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.New(fault.Invalid, "The upload broke off before its end (%v). Nothing of the file was kept: send it again.", err)
}

// upload reads the file of a form. An end that is not the file's end is an error
// of its own here, because io.ErrUnexpectedEOF is what readers above take for
// the end of a short file.
type upload struct {
	r        io.Reader
	limit    int64 // 0: none
	tooLarge func() *fault.Error
	read     int64
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.read += int64(n)
	if u.limit > 0 && u.read > u.limit {
		return 0, u.tooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, brokenUpload(err)
	}
	return n, err
}
