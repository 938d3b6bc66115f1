package dedup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/lint"
)

// The rules that this package reports.
const (
	ruleNear          = "duplicate/near"
	ruleContradiction = "duplicate/contradiction"
)

var ruleNames = []string{ruleNear, ruleContradiction}

// severity returns how severe a rule is in a category, or "" where it does not
// run. Where the catalog does not say, both are warnings: one of the two is
// right, so neither should be kept from approval.
func severity(c *catalog.Catalog, category, rule string) lint.Severity {
	cat, ok := c.Category(category)
	if !ok {
		return ""
	}
	check, ok := cat.Check(rule)
	switch {
	case !ok || check.Off:
		return ""
	case check.Severity == "":
		return lint.Warning
	}
	return lint.Severity(check.Severity)
}

// told is a finding as this package keeps it.
type told struct {
	rule     string
	severity lint.Severity
	message  string
}

// tell brings the findings of everything touched in line with the pairs: at most
// one for each rule, which names the oldest partner. An example that changed
// since it was signed is left to the next look.
func (w *work) tell(ctx context.Context) error {
	if len(w.touched) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(w.touched))
	for id := range w.touched {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	examples, err := w.q.LockForFindings(ctx, ids, w.dataset)
	if err != nil {
		return fmt.Errorf("lock examples: %w", err)
	}
	partners, err := w.q.OldestPartners(ctx, ids, []string{string(Equal), string(Near), string(Contradiction)}, w.dataset)
	if err != nil {
		return fmt.Errorf("find partners: %w", err)
	}
	existing, err := w.q.DuplicateFindings(ctx, ids, w.dataset, ruleNames)
	if err != nil {
		return fmt.Errorf("read findings: %w", err)
	}
	want, err := w.wanted(partners)
	if err != nil {
		return err
	}
	have := map[uuid.UUID][]db.DuplicateFindingsRow{}
	for _, f := range existing {
		have[f.ExampleID] = append(have[f.ExampleID], f)
	}
	var c changes
	for _, e := range examples {
		if e.Signed != 0 && e.Signed != e.Revision {
			continue
		}
		var list []told
		for _, rule := range ruleNames {
			message, ok := want[e.ID][rule]
			if s := severity(w.catalog, e.Category, rule); ok && s != "" {
				list = append(list, told{rule, s, message})
			}
		}
		c.add(e.ID, e.Revision, have[e.ID], list)
	}
	return c.apply(ctx, w)
}

// wanted returns the message of each rule for each example.
func (w *work) wanted(partners []db.OldestPartnersRow) (map[uuid.UUID]map[string]string, error) {
	copyOf := map[uuid.UUID]db.OldestPartnersRow{}
	want := map[uuid.UUID]map[string]string{}
	put := func(id uuid.UUID, rule, message string) {
		if want[id] == nil {
			want[id] = map[string]string{}
		}
		want[id][rule] = message
	}
	for _, p := range partners {
		if Kind(p.Kind) == Contradiction {
			message, err := contradictionMessage(p)
			if err != nil {
				return nil, err
			}
			put(p.ID, ruleContradiction, message)
			continue
		}
		if first, ok := copyOf[p.ID]; ok && less(first.Other, p.Other) {
			continue
		}
		copyOf[p.ID] = p
		says := "nearly the same"
		if Kind(p.Kind) == Equal {
			says = "the same but for case, spaces and punctuation"
		}
		put(p.ID, ruleNear, fmt.Sprintf("Example %s says %s. Keep the better one and reject the other, or mark the two as not duplicates.", p.Other, says))
	}
	return want, nil
}

// maxFieldsTold is how many differing fields a message names.
const maxFieldsTold = 5

func contradictionMessage(p db.OldestPartnersRow) (string, error) {
	var fields []string
	if err := json.Unmarshal([]byte(p.Fields), &fields); err != nil {
		return "", fmt.Errorf("read the fields of a pair of %s: %w", p.ID, err)
	}
	where := ""
	if len(fields) > 0 {
		more := ""
		if len(fields) > maxFieldsTold {
			more = fmt.Sprintf(" and %d more", len(fields)-maxFieldsTold)
			fields = fields[:maxFieldsTold]
		}
		where = " in " + strings.Join(fields, ", ") + more
	}
	return fmt.Sprintf("Example %s answers nearly the same question differently%s. Decide which answer is right and reject or correct the other.", p.Other, where), nil
}

// changes collects what tell has to write.
type changes struct {
	drop   db.DropFindingsParams
	added  db.AddFindingsParams
	counts map[uuid.UUID]*[2]int16 // errors and warnings that an example has more
}

// count notes n findings more. What is waived counts nowhere.
func (c *changes) count(id uuid.UUID, s db.Severity, waived bool, n int16) {
	if waived || s == db.SeverityInfo {
		return
	}
	if c.counts == nil {
		c.counts = map[uuid.UUID]*[2]int16{}
	}
	if c.counts[id] == nil {
		c.counts[id] = new([2]int16)
	}
	if s == db.SeverityError {
		c.counts[id][0] += n
	} else {
		c.counts[id][1] += n
	}
}

func (c *changes) add(id uuid.UUID, revision int32, have []db.DuplicateFindingsRow, want []told) {
	for _, f := range have {
		i := slices.Index(want, told{f.Rule, lint.Severity(f.Severity), f.Message})
		if i >= 0 {
			want = slices.Delete(want, i, i+1)
			continue
		}
		c.drop.Ids, c.drop.Revisions, c.drop.Ordinals = append(c.drop.Ids, id), append(c.drop.Revisions, revision), append(c.drop.Ordinals, f.Ordinal)
		c.count(id, f.Severity, f.Waived, -1)
	}
	for _, t := range want {
		a := &c.added
		a.Ids, a.Revisions, a.Rules = append(a.Ids, id), append(a.Revisions, revision), append(a.Rules, t.rule)
		a.Severities, a.Messages = append(a.Severities, string(t.severity)), append(a.Messages, t.message)
	}
}

func (c *changes) apply(ctx context.Context, w *work) error {
	c.drop.DatasetID, c.added.DatasetID = w.dataset, w.dataset
	if len(c.drop.Ids) > 0 {
		if err := w.q.DropFindings(ctx, c.drop); err != nil {
			return fmt.Errorf("drop findings: %w", err)
		}
	}
	if len(c.added.Ids) > 0 {
		rows, err := w.q.AddFindings(ctx, c.added)
		if err != nil {
			return fmt.Errorf("add findings: %w", err)
		}
		for _, r := range rows {
			c.count(r.ExampleID, r.Severity, r.Waived, 1)
		}
	}
	counts := db.AddToFindingCountsParams{DatasetID: w.dataset}
	for id, n := range c.counts {
		if *n != [2]int16{} {
			counts.Ids, counts.Errors, counts.Warnings = append(counts.Ids, id), append(counts.Errors, n[0]), append(counts.Warnings, n[1])
		}
	}
	if len(counts.Ids) > 0 {
		if err := w.q.AddToFindingCounts(ctx, counts); err != nil {
			return fmt.Errorf("count findings: %w", err)
		}
	}
	return nil
}
