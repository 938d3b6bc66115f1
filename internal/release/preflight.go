package release

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/export"
)

// A Line is one line of the preflight: green, or red with what to do. Its JSON is
// in the manifest.
type Line struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Green bool   `json:"green"`
	// Holds says that a red line keeps the release from being built until a lead
	// gives a reason. The others tell how much there is yet and not whether it is
	// sound: a release of a dataset that is still growing is a fair thing to make.
	Holds bool   `json:"holds"`
	Text  string `json:"text"`           // what was found
	Do    string `json:"do,omitempty"`   // red: what to do
	Rows  int    `json:"rows,omitempty"` // red: how many rows it is about
	// First are the first examples that it is about.
	First []uuid.UUID `json:"first,omitempty"`
}

// Holding are the lines that hold a release.
func Holding(lines []Line) []Line {
	var red []Line
	for _, l := range lines {
		if !l.Green && l.Holds {
			red = append(red, l)
		}
	}
	return red
}

// maxFirst bounds Line.First.
const maxFirst = 20

// The lines' keys.
const (
	LineTargets    = "targets"
	LineErrors     = "errors"
	LineApprovals  = "approvals"
	LineChecklists = "checklists"
	LineLabels     = "contradictions"
	LineLeakage    = "leakage"
	LineSplits     = "splits"
	LineSpecial    = "special-tokens"
	LineFormat     = "format" // with the preset: format/messages
	LineLimits     = "token-limits"
	LineRows       = "minimum-rows"
	LineFloors     = "floors"
	LineDemo       = "demo"
)

// A tally counts what the preflight looks for.
type tally struct {
	rows  int
	first []uuid.UUID
}

func (t *tally) add(id uuid.UUID) {
	t.rows++
	if len(t.first) < maxFirst {
		t.first = append(t.first, id)
	}
}

// evidence is what people and checks said of the items.
type evidence struct {
	errors, approvals, checklists, special tally
}

// red makes a line of a tally: green where it counted nothing.
func (t tally) line(key, label string, holds bool, good, bad, do string) Line {
	if t.rows == 0 {
		return Line{Key: key, Label: label, Holds: holds, Green: true, Text: good}
	}
	return Line{Key: key, Label: label, Holds: holds, Text: fmt.Sprintf(bad, plural(t.rows)), Do: do, Rows: t.rows, First: t.first}
}

func plural(n int) string {
	if n == 1 {
		return "1 example"
	}
	return grouped(n) + " examples"
}

// grouped writes a number with its thousands apart: 1,000,580.
func grouped[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// preflight holds the selection, dealt out, against everything that a training
// file must be.
func (sel *selection) preflight(ev evidence, leak []Leak, leaks int, labels tally) []Line {
	train := 0
	for i := range sel.items {
		if sel.spec.Splits[sel.items[i].split].Name == Train {
			train++
		}
	}
	return sel.lines(ev, leak, leaks, labels, sel.counts(), train)
}

// lines are the lines of the preflight, with so many rows in each category and in
// the training split.
func (sel *selection) lines(ev evidence, leak []Leak, leaks int, labels tally, n map[string]int, train int) []Line {
	lines := []Line{
		sel.targets(n),
		ev.errors.line(LineErrors, "No open errors", true,
			"No example has an error that nobody answered for.",
			"%s have errors that were neither mended nor waived, and were approved without a reason.",
			"Open them, mend the error or waive it with a reason; or send them back to review."),
		ev.approvals.line(LineApprovals, "Required approvals", true,
			"Every example has the approvals that its category asks for, on the revision that is released.",
			"%s lack an approval, or the approval of somebody with the needed skill, on the revision that is released.",
			"Send them back to review, or have somebody with the skill look at them."),
		ev.checklists.line(LineChecklists, "Checklists ticked", false,
			"Whoever approved ticked the whole checklist.",
			"%s were approved without the whole checklist.",
			"Review them again with the checklist, or say why it was not needed."),
		labels.line(LineLabels, "No contradictions", false,
			"No two examples answer one question differently.",
			"%s answer the question of another one differently.",
			"Rule on them on the page of duplicates: the model would learn both answers."),
		sel.leakage(leak, leaks),
		sel.shares(),
		ev.special.line(LineSpecial, "No special tokens", true,
			"No message holds text that Llama 3 would take for a control token.",
			"%s hold text such as <|eot_id|>, which a tokenizer takes for a control token.",
			"Edit the text, or waive the finding text/special-token with a reason."),
	}
	for _, preset := range sel.spec.Presets {
		lines = append(lines, sel.format(preset))
	}
	return append(lines, sel.limits(), sel.minimum(train), sel.floors(n), sel.sampled(), sel.demo())
}

// counts is the number of items by category.
func (sel *selection) counts() map[string]int {
	n := map[string]int{}
	for i := range sel.items {
		n[sel.shelves[sel.items[i].shelf].category]++
	}
	return n
}

func (sel *selection) targets(n map[string]int) Line {
	l := Line{Key: LineTargets, Label: "Targets met", Green: true}
	var short []string
	for _, c := range sel.catalog.Categories {
		if !takes(sel.spec.Filters.Categories, c.Slug) {
			continue
		}
		if lack := c.Target.Min - n[c.Slug]; lack > 0 {
			short = append(short, fmt.Sprintf("%s has %s of %s", c.Name, grouped(n[c.Slug]), grouped(c.Target.Min)))
			l.Rows += lack
		}
	}
	if len(short) == 0 {
		l.Text = "Every category has at least what the plan asks for."
		return l
	}
	l.Green = false
	l.Text = strings.Join(short, "; ") + "."
	l.Do = fmt.Sprintf("Approve %s more, or release what there is: the manifest says that it is less than planned.", grouped(l.Rows))
	return l
}

func (sel *selection) leakage(first []Leak, n int) Line {
	l := Line{Key: LineLeakage, Label: "Nothing leaks between splits", Holds: true, Green: n == 0}
	if n == 0 {
		l.Text = "No two rows of different splits are the same or nearly the same, ask the same question, or come from the same source chunk or item."
		return l
	}
	l.Rows = n
	var said []string
	for i, k := range first {
		if i < 3 {
			said = append(said, fmt.Sprintf("%s (%s) and %s (%s) %s", k.A, k.SplitA, k.B, k.SplitB, k.Why))
		}
		l.First = append(l.First, k.A, k.B)
	}
	l.First = l.First[:min(len(l.First), maxFirst)]
	l.Text = fmt.Sprintf("%s pairs of rows lie in different splits and should not: %s.", grouped(n), strings.Join(said, "; "))
	l.Do = "Figures on held-out rows would flatter the model. Run the search for duplicates to its end and make the release again; if it stays, report a bug."
	return l
}

func (sel *selection) shares() Line {
	l := Line{Key: LineSplits, Label: "Shares as asked", Green: true}
	got := make([]int, len(sel.spec.Splits))
	for i := range sel.items {
		got[sel.items[i].split]++
	}
	total := max(len(sel.items), 1)
	var said []string
	for k, s := range sel.spec.Splits {
		share := float64(got[k]) / float64(total)
		said = append(said, fmt.Sprintf("%s %s (%.1f %%, asked %.4g %%)", s.Name, grouped(got[k]), 100*share, 100*s.Share))
		off := float64(got[k]) - s.Share*float64(total)
		if got[k] == 0 || max(off, -off) > max(2, 0.01*float64(total)) {
			l.Green = false
		}
	}
	l.Text = strings.Join(said, ", ") + "."
	if !l.Green {
		l.Do = "Few examples or large families: whole families stay together. Release more, or ask for other shares."
	}
	return l
}

func (sel *selection) format(preset string) Line {
	l := Line{Key: LineFormat + "/" + preset, Label: "Every row fits the preset " + preset, Holds: true, Green: true, Text: "Every row can be written."}
	if r := sel.refused[preset]; r != nil {
		l.Green, l.Rows, l.First = false, r.rows, r.first
		l.Text = fmt.Sprintf("%s can't be written, the first because %s.", plural(r.rows), strings.TrimSuffix(r.why, "."))
		l.Do = "Mend or reject them, or leave the preset out. Overridden, the files leave these rows out and the manifest counts them."
	}
	return l
}

func (sel *selection) limits() Line {
	l := Line{Key: LineLimits, Label: "Within token limits", Green: true}
	var said []string
	for _, p := range sel.catalog.Platforms {
		if p.MaxTokens == 0 {
			continue
		}
		var t tally
		for i := range sel.items {
			if int(sel.items[i].tokens) > p.MaxTokens {
				t.add(sel.items[i].id)
			}
		}
		if t.rows > 0 {
			l.Green = false
			l.Rows, l.First = max(l.Rows, t.rows), t.first
			said = append(said, fmt.Sprintf("%s on %s (%s tokens)", plural(t.rows), p.Name, grouped(p.MaxTokens)))
		}
	}
	if l.Green {
		l.Text = "No row is longer than a platform of the catalog takes."
		return l
	}
	l.Text = "Too long: " + strings.Join(said, ", ") + "."
	l.Do = "A platform cuts or refuses them. Shorten them, or train where they fit."
	return l
}

func (sel *selection) minimum(train int) Line {
	l := Line{Key: LineRows, Label: "Enough rows to train on", Holds: train == 0, Green: true, Text: fmt.Sprintf("The training split has %s rows.", grouped(train))}
	for _, p := range sel.spec.Presets {
		if problems := export.Preset(p).FileProblems(int64(train), 0); len(problems) > 0 {
			l.Green = false
			l.Text = fmt.Sprintf("As %s: %s", p, problems[0].Text)
			l.Do = "Approve more examples, or widen the filters."
			break
		}
	}
	return l
}

func (sel *selection) floors(n map[string]int) Line {
	l := Line{Key: LineFloors, Label: "Floors of categories", Holds: true, Green: true, Text: "No category has fewer rows than this release asks for."}
	var short []string
	for _, c := range sel.catalog.Categories {
		if f := sel.spec.Limits[c.Slug].Floor; n[c.Slug] < f {
			l.Rows += f - n[c.Slug]
			short = append(short, fmt.Sprintf("%s has %s of %s", c.Name, grouped(n[c.Slug]), grouped(f)))
		}
	}
	if len(short) > 0 {
		l.Green = false
		l.Text = strings.Join(short, "; ") + "."
		l.Do = "Approve more examples, or lower the floor."
	}
	return l
}

func (sel *selection) demo() Line {
	var t tally
	for i := range sel.items {
		if sel.sources[sel.items[i].source].demo {
			t.add(sel.items[i].id)
		}
	}
	return t.line(LineDemo, "No demo examples", true, "No row came with the demo.", "%s came with the demo.",
		"Remove the demo on the dashboard. A release with demo examples is removed together with the demo.")
}

// A Leak is a pair of rows in different splits that belong together.
type Leak struct {
	A, B           uuid.UUID
	SplitA, SplitB string
	Why            string
}

// leaks looks for rows of different splits that belong together. It does not
// trust how the splits were dealt: it looks at the keys themselves and at every
// verified pair of duplicates. It returns the first and how many there are.
func (s *Service) leaks(ctx context.Context, sel *selection) (first []Leak, n int, err error) {
	found := func(a, b *item, why string) {
		n++
		if len(first) < maxFirst/2 {
			first = append(first, Leak{a.id, b.id, sel.spec.Splits[a.split].Name, sel.spec.Splits[b.split].Name, why})
		}
	}
	for k, why := range keyNames {
		if err := sel.keys.eachShared(k, func(a, b int32) {
			if x, y := &sel.items[a], &sel.items[b]; x.split != y.split {
				found(x, y, why)
			}
		}); err != nil {
			return nil, 0, err
		}
	}
	find := sel.finder()
	for _, kind := range pairKinds {
		after := db.ReleasePairsParams{DatasetID: s.cfg.Dataset, Kind: kind, MaxRows: chunk}
		for {
			rows, err := db.New(s.cfg.DB).ReleasePairs(ctx, after)
			if err != nil {
				return nil, 0, fmt.Errorf("read pairs of duplicates: %w", err)
			}
			for _, r := range rows {
				after.AfterA, after.AfterB = r.A, r.B
				a, ok := find(r.A)
				b, too := find(r.B)
				if ok && too && sel.items[a].split != sel.items[b].split {
					found(&sel.items[a], &sel.items[b], pairWords[kind])
				}
			}
			if len(rows) < chunk {
				break
			}
		}
	}
	return first, n, nil
}

var pairWords = map[string]string{"equal": "are the same", "near": "are nearly the same", "contradiction": "answer one question differently"}

// labels counts the items that contradict another one of the selection.
func (s *Service) labels(ctx context.Context, sel *selection) (tally, error) {
	find := sel.finder()
	byGroup := map[uuid.UUID][]int32{}
	for after := uuid.Nil; ; {
		rows, err := db.New(s.cfg.DB).ReleaseGroupMembers(ctx, db.ReleaseGroupMembersParams{DatasetID: s.cfg.Dataset, Class: "contradiction", After: after, MaxRows: chunk})
		if err != nil {
			return tally{}, fmt.Errorf("read contradictions: %w", err)
		}
		for _, r := range rows {
			after = r.ExampleID
			if i, ok := find(r.ExampleID); ok {
				byGroup[r.GroupID] = append(byGroup[r.GroupID], i)
			}
		}
		if len(rows) < chunk {
			break
		}
	}
	var in []int32
	for _, members := range byGroup {
		if len(members) > 1 {
			in = append(in, members...)
		}
	}
	slices.Sort(in)
	var t tally
	for _, i := range in {
		t.add(sel.items[i].id)
	}
	return t, nil
}

// said is what people and checks said of one item.
type said struct {
	decisions []db.ReleaseDecisionsRow // undone ones too
	findings  []db.ReleaseFindingsRow
	waivers   []db.ReleaseWaiversRow
	line      int64  // of the source; read for the provenance only, as is
	content   []byte // the hash of the released revision
}

// live are the decisions that count: those that are neither undone nor an undoing.
func (s said) live(yield func(db.ReleaseDecisionsRow) bool) {
	for _, d := range s.decisions {
		if !d.Undone && d.Verdict != "undo" && !yield(d) {
			return
		}
	}
}

// approvals are the live approvals of a revision: given on it, or together with
// the edit that made it. A look at gold is none.
func (s said) approvals(revision int32) []db.ReleaseDecisionsRow {
	var out []db.ReleaseDecisionsRow
	for d := range s.live {
		on := d.Revision
		if d.NewRevision > 0 {
			on = d.NewRevision
		}
		if d.Verdict == "approve" && on == revision && d.Kind != "gold" {
			out = append(out, d)
		}
	}
	return out
}

// saidChunk is how many items' words of people and checks are read at once.
const saidChunk = 2000

// eachSaid reads what was said of all items, chunk by chunk, and hands the chunks
// to use in their order, one at a time, while the next are being read.
func (s *Service) eachSaid(ctx context.Context, items []item, lineage bool, use func(from int, part []item, all map[uuid.UUID]*said) error) error {
	type answer struct {
		from int
		part []item
		all  chan map[uuid.UUID]*said // gets one
	}
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan answer, 1) // with the one in hand and the one that waits: three are read at once
	g.Go(func() error {
		defer close(queue)
		for from := 0; from < len(items); from += saidChunk {
			a := answer{from, items[from:min(from+saidChunk, len(items))], make(chan map[uuid.UUID]*said, 1)}
			g.Go(func() error {
				all, err := s.read(ctx, a.part, lineage)
				if err == nil {
					a.all <- all
				}
				return err
			})
			select {
			case queue <- a:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		for a := range queue {
			select {
			case all := <-a.all:
				if err := use(a.from, a.part, all); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}

// read fetches what was said of some items; for their provenance also where they
// come from.
func (s *Service) read(ctx context.Context, items []item, lineage bool) (map[uuid.UUID]*said, error) {
	ids, revisions := keysOf(items)
	q := db.New(s.cfg.DB)
	decisions, err := q.ReleaseDecisions(ctx, ids, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	findings, err := q.ReleaseFindings(ctx, ids, revisions, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	waivers, err := q.ReleaseWaivers(ctx, ids, revisions, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("read waivers: %w", err)
	}
	all := make(map[uuid.UUID]*said, len(items))
	for _, id := range ids {
		all[id] = &said{}
	}
	for _, d := range decisions {
		of := all[d.ExampleID]
		of.decisions = append(of.decisions, d)
	}
	for _, f := range findings {
		of := all[f.ExampleID]
		of.findings = append(of.findings, f)
	}
	for _, w := range waivers {
		of := all[w.ExampleID]
		of.waivers = append(of.waivers, w)
	}
	if !lineage {
		return all, nil
	}
	stands, err := q.ReleaseStands(ctx, ids, revisions, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("read where rows come from: %w", err)
	}
	for _, r := range stands {
		all[r.ExampleID].line, all[r.ExampleID].content = r.SourceLine, r.Hash
	}
	return all, nil
}

// judge adds what was said of an item to the evidence.
func (sel *selection) judge(ev *evidence, it *item, s *said) {
	sh := sel.shelves[it.shelf]
	cat, _ := sel.catalog.Category(sh.category)
	approvals := s.approvals(it.revision)
	answered := slices.ContainsFunc(approvals, func(d db.ReleaseDecisionsRow) bool { return d.OverrideReason != "" })
	open := func(rule string) bool {
		return slices.ContainsFunc(s.findings, func(f db.ReleaseFindingsRow) bool {
			return !f.Waived && f.Severity == db.SeverityError && (rule == "" || f.Rule == rule)
		})
	}
	if open("") && !answered {
		ev.errors.add(it.id)
	}
	waived := slices.ContainsFunc(s.findings, func(f db.ReleaseFindingsRow) bool { return f.Rule == "text/special-token" && f.Waived })
	if it.flags&flagSpecial != 0 && !waived && !answered {
		ev.special.add(it.id)
	}
	if !enough(cat, sh.subcategory, approvals, s.findings) {
		ev.approvals.add(it.id)
	}
	if !ticked(cat, approvals) {
		ev.checklists.add(it.id)
	}
}

// enough reports whether the approvals are what the category asks for: so many
// different people, one of them with the skill that the subcategory or an open
// finding asks for. A lead's ruling on a disagreement is enough.
func enough(cat catalog.Category, subcategory string, approvals []db.ReleaseDecisionsRow, findings []db.ReleaseFindingsRow) bool {
	people := map[uuid.UUID]bool{}
	for _, d := range approvals {
		if d.Kind == "adjudication" {
			return true
		}
		if !d.Informed || cat.Approvals <= 1 { // who knew what others said is no second opinion
			people[d.ReviewerID] = true
		}
	}
	if len(people) < max(cat.Approvals, 1) {
		return false
	}
	skills := map[string]bool{}
	if sub, ok := cat.Subcategory(subcategory); ok && sub.Skill != "" {
		skills[sub.Skill] = true
	}
	for _, f := range findings {
		if set, ok := cat.Check(f.Rule); ok && set.Skill != "" && !f.Waived {
			skills[set.Skill] = true
		}
	}
	for skill := range skills {
		if !slices.ContainsFunc(approvals, func(d db.ReleaseDecisionsRow) bool { return slices.Contains(d.Skills, skill) }) {
			return false
		}
	}
	return true
}

// ticked reports whether each approval has every item of the category's
// checklist, or a lead ruled.
func ticked(cat catalog.Category, approvals []db.ReleaseDecisionsRow) bool {
	if len(cat.Checklist) == 0 {
		return true
	}
	for _, d := range approvals {
		if d.Kind == "adjudication" {
			continue
		}
		var done []string
		if json.Unmarshal([]byte(d.Checklist), &done) != nil {
			return false
		}
		for _, c := range cat.Checklist {
			if !slices.Contains(done, c.Slug) {
				return false
			}
		}
	}
	return true
}

// A Part is the rows and tokens of a release in one split and subcategory.
type Part struct {
	Split       string `json:"split"`
	Category    string `json:"category"`
	Subcategory string `json:"subcategory"`
	Rows        int64  `json:"rows"`
	Tokens      int64  `json:"tokens"`
}

// shape counts the items by split, category and subcategory, in the order of the
// files.
func (sel *selection) shape() []Part {
	type place struct {
		split int8
		shelf int32
	}
	at := map[place]*Part{}
	var order []place
	for i := range sel.items {
		it := &sel.items[i]
		p := place{it.split, it.shelf}
		if at[p] == nil {
			sh := sel.shelves[it.shelf]
			at[p] = &Part{Split: sel.spec.Splits[it.split].Name, Category: sh.category, Subcategory: sh.subcategory}
			order = append(order, p)
		}
		at[p].Rows++
		at[p].Tokens += int64(it.tokens)
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Or(cmp.Compare(a.split, b.split), cmp.Compare(a.shelf, b.shelf)) })
	parts := make([]Part, len(order))
	for i, p := range order {
		parts[i] = *at[p]
	}
	return parts
}
