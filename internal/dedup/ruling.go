package dedup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// maxRuled is how many members a group may have to be ruled on at once: a person
// has to be able to look at them.
const maxRuled = 500

// Seen is a member as somebody saw it.
type Seen struct {
	ID       uuid.UUID
	Revision int
	Status   example.Status
}

// A Ruling says which member of a group stays.
type Ruling struct {
	Group    uuid.UUID
	Survivor uuid.UUID
	// Seen are all members as whoever rules saw them. Where the group has other
	// ones by now, or other revisions or statuses, the ruling is refused. Empty:
	// whatever the group holds.
	Seen []Seen
	// Part has the ruling be about the members of Seen alone; the group may have
	// others, which stay. So large groups are worked off.
	Part bool
}

// An Outcome is what became of a ruling.
type Outcome struct {
	Group    uuid.UUID
	Survivor uuid.UUID
	Rejected []Rejected
	// Left are the members that could not be rejected, each with a sentence why:
	// they stay in the group.
	Left map[uuid.UUID]string
}

// Rejected is one example that a ruling rejected, with the decision that did it.
type Rejected struct {
	Example  uuid.UUID
	Decision uuid.UUID // for an undo
}

// KeepOne rejects every member of a group but the survivor. Each rejection is a
// decision of its own, made by the Rejecter and undone like any other; the
// survivor lists the rejected ones as its provenance as long as they are
// rejected. Members that cannot be rejected, because somebody works on them,
// are named in the outcome and stay.
//
// It fails with fault.NotFound where the group is not there any more, with
// fault.Conflict where it is not what was seen, and with fault.Invalid for a
// group of variants, which are not duplicates, and for a survivor from elsewhere.
func (s *Service) KeepOne(ctx context.Context, by audit.Actor, r Ruling) (Outcome, error) {
	out := Outcome{Group: r.Group, Survivor: r.Survivor, Left: map[uuid.UUID]string{}}
	var others []db.DuplicateMemberStatesRow
	var kind Kind
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := s.lock(ctx, q); err != nil {
			return err
		}
		group, members, err := s.ruledOn(ctx, q, r.Group, r.Seen, r.Part)
		if err != nil {
			return err
		}
		if kind = Kind(group.Kind); kind == Variant {
			return fault.New(fault.Invalid, "These examples differ in their numbers and are not duplicates: keep them all.")
		}
		keep := slices.IndexFunc(members, func(m db.DuplicateMemberStatesRow) bool { return m.ID == r.Survivor })
		if keep < 0 {
			return fault.New(fault.Invalid, "The example to keep is not in this group. Choose one of its members.")
		}
		others = slices.Delete(members, keep, keep+1)
		ids := make([]uuid.UUID, len(others))
		for i, m := range others {
			ids[i] = m.ID
		}
		// The link holds only while the other one is rejected, so it does no harm
		// where a rejection fails or this process dies before it.
		if err := q.InsertDuplicatesOf(ctx, db.InsertDuplicatesOfParams{
			DatasetID: s.dataset, SurvivorID: r.Survivor, Kind: string(kind), AuthorID: author(by), Ids: ids,
		}); err != nil {
			return fmt.Errorf("link to the survivor: %w", err)
		}
		return s.record(ctx, tx, by, "duplicates.keep", r.Survivor, map[string]any{"group": r.Group, "kind": kind, "rejects": ids})
	})
	if err != nil {
		return out, fmt.Errorf("keep one of group %s: %w", r.Group, err)
	}
	reason := "duplicate of " + r.Survivor.String()
	if kind == Contradiction {
		reason = "contradicts " + r.Survivor.String()
	}
	changed := []uuid.UUID{r.Survivor}
	for _, m := range others {
		decision, err := s.reject.Reject(ctx, Rejection{By: by, Example: m.ID, Revision: int(m.Revision), Seen: example.Status(m.Status), Reason: reason})
		if f, ok := fault.As(err); ok {
			out.Left[m.ID] = f.Msg
			continue
		}
		if err != nil {
			return out, fmt.Errorf("keep one of group %s: reject %s: %w", r.Group, m.ID, err)
		}
		out.Rejected = append(out.Rejected, Rejected{m.ID, decision})
		changed = append(changed, m.ID)
	}
	if err := s.lookAt(ctx, changed); err != nil {
		return out, fmt.Errorf("keep one of group %s: %w", r.Group, err)
	}
	return out, nil
}

// NotDuplicates records that the members of a group have nothing to do with each
// other, whatever they look like: no two of them are paired in this way again,
// also not after an edit. A group of more than 500 members, one that is not
// there and one that is not what was seen are refused as in KeepOne.
func (s *Service) NotDuplicates(ctx context.Context, by audit.Actor, group uuid.UUID, seen []Seen) error {
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := s.lock(ctx, q); err != nil {
			return err
		}
		g, members, err := s.ruledOn(ctx, q, group, seen, false)
		if err != nil {
			return err
		}
		ruling, err := uuid.NewV7()
		if err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(members))
		touched := make(map[uuid.UUID]bool, len(members))
		for i, m := range members {
			ids[i], touched[m.ID] = m.ID, true
		}
		if err := q.InsertDuplicatesApart(ctx, db.InsertDuplicatesApartParams{
			DatasetID: s.dataset, RulingID: ruling, Class: g.Class, AuthorID: author(by), Ids: ids,
		}); err != nil {
			return fmt.Errorf("record the ruling: %w", err)
		}
		if err := q.DropDuplicatePairsAmong(ctx, s.dataset, class(g.Class).kinds(), ids); err != nil {
			return fmt.Errorf("drop pairs: %w", err)
		}
		cat, err := s.catalog(ctx)
		if err != nil {
			return fmt.Errorf("read the catalog: %w", err)
		}
		w := &work{Service: s, tx: tx, q: q, catalog: cat, touched: touched}
		if err := w.split(ctx, group, class(g.Class)); err != nil {
			return err
		}
		if err := w.tell(ctx); err != nil {
			return err
		}
		return s.record(ctx, tx, by, "duplicates.apart", ruling, map[string]any{"group": group, "kind": g.Kind, "examples": ids})
	})
	if err != nil {
		return fmt.Errorf("rule group %s apart: %w", group, err)
	}
	return nil
}

// ruledOn returns a group and its members, all or those of seen alone, if they
// are what was seen.
func (s *Service) ruledOn(ctx context.Context, q *db.Queries, id uuid.UUID, seen []Seen, part bool) (db.DuplicateGroupRow, []db.DuplicateMemberStatesRow, error) {
	group, err := q.DuplicateGroup(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return group, nil, noGroup()
	}
	if err != nil {
		return group, nil, fmt.Errorf("read the group: %w", err)
	}
	if part {
		return s.partOf(ctx, q, group, seen)
	}
	if group.Size > maxRuled {
		return group, nil, fault.New(fault.Invalid, "This group has %d examples, more than the %d that can be ruled on at once. Reject some of them one by one first.", group.Size, maxRuled)
	}
	members, err := q.DuplicateMemberStates(ctx, s.dataset, id, maxRuled+1)
	if err != nil {
		return group, nil, fmt.Errorf("read the members: %w", err)
	}
	if len(seen) == 0 {
		return group, members, nil
	}
	return group, members, unchanged(members, seen)
}

// partOf returns those members of a group that were seen, if they still are as
// they were.
func (s *Service) partOf(ctx context.Context, q *db.Queries, group db.DuplicateGroupRow, seen []Seen) (db.DuplicateGroupRow, []db.DuplicateMemberStatesRow, error) {
	if len(seen) == 0 || len(seen) > maxRuled {
		return group, nil, fault.New(fault.Invalid, "Name between one and %d examples to rule on.", maxRuled)
	}
	ids := make([]uuid.UUID, len(seen))
	for i, m := range seen {
		ids[i] = m.ID
	}
	rows, err := q.DuplicateMemberStatesOf(ctx, s.dataset, group.ID, ids)
	if err != nil {
		return group, nil, fmt.Errorf("read the members: %w", err)
	}
	members := make([]db.DuplicateMemberStatesRow, len(rows))
	for i, r := range rows {
		members[i] = db.DuplicateMemberStatesRow(r)
	}
	return group, members, unchanged(members, seen)
}

// unchanged fails with fault.Conflict where members are not what was seen.
func unchanged(members []db.DuplicateMemberStatesRow, seen []Seen) error {
	seen = slices.Clone(seen)
	slices.SortFunc(seen, func(a, b Seen) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if !slices.EqualFunc(members, seen, func(m db.DuplicateMemberStatesRow, s Seen) bool {
		return m.ID == s.ID && int(m.Revision) == s.Revision && example.Status(m.Status) == s.Status
	}) {
		return fault.New(fault.Conflict, "This group changed while you were looking at it. Look at it again, then decide.")
	}
	return nil
}

// lookAt brings pairs and groups in line with what just happened to examples,
// without waiting for the next Scan.
func (s *Service) lookAt(ctx context.Context, ids []uuid.UUID) error {
	cat, err := s.catalog(ctx)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	rows, err := db.New(s.db).QueuedDuplicatesOf(ctx, s.dataset, ids)
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	for len(rows) > 0 {
		list := make([]db.QueuedDuplicatesRow, len(rows))
		for i, r := range rows {
			list[i] = db.QueuedDuplicatesRow(r)
		}
		b, err := s.prepare(ctx, list)
		if err != nil {
			return err
		}
		if _, _, err := s.settle(ctx, cat, b); err != nil {
			return err
		}
		rows = rows[len(b.entries):]
	}
	return nil
}

// A Choice is a ruling that suggests itself.
type Choice struct {
	Group  Group
	Ruling Ruling
}

// Obvious returns rulings for groups that need no thought: all members say the
// same after normalising. The survivor is the one that was approved, else the one
// with the fewest errors, else the oldest. Nothing is changed: it is the preview
// of KeepEach. Groups of more than MaxMembers are left to a person. Next is
// where the following page begins, uuid.Nil after the last.
func (s *Service) Obvious(ctx context.Context, category string, after uuid.UUID, limit int) (choices []Choice, next uuid.UUID, err error) {
	groups, err := s.List(ctx, Filter{Kind: Equal, Category: category, After: after, Limit: limit})
	if err != nil {
		return nil, uuid.Nil, err
	}
	for _, g := range groups {
		next = g.ID
		if g.Size != len(g.Members) {
			continue
		}
		best := slices.MinFunc(g.Members, compareMembers)
		c := Choice{Group: g, Ruling: Ruling{Group: g.ID, Survivor: best.ID}}
		for _, m := range g.Members {
			c.Ruling.Seen = append(c.Ruling.Seen, Seen{m.ID, m.Revision, m.Status})
		}
		choices = append(choices, c)
	}
	if more, err := s.List(ctx, Filter{Kind: Equal, Category: category, After: next, Limit: 1}); err != nil {
		return nil, uuid.Nil, err
	} else if len(more) == 0 {
		next = uuid.Nil
	}
	return choices, next, nil
}

// compareMembers orders members by how much they deserve to stay.
func compareMembers(a, b Member) int {
	rank := func(m Member) int {
		switch m.Status {
		case example.Approved:
			return 0
		case example.Escalated:
			return 1
		}
		return 2
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	if d := a.Errors - b.Errors; d != 0 {
		return d
	}
	return bytes.Compare(a.ID[:], b.ID[:])
}

// KeepEach carries out many rulings, as KeepOne does each. Where one is refused,
// because its group changed since the preview, the others go on; the refused
// ones come back with all their members in Left.
func (s *Service) KeepEach(ctx context.Context, by audit.Actor, rulings []Ruling) ([]Outcome, error) {
	var outcomes []Outcome
	for _, r := range rulings {
		out, err := s.KeepOne(ctx, by, r)
		if f, ok := fault.As(err); ok {
			for _, m := range r.Seen {
				if m.ID != r.Survivor {
					out.Left[m.ID] = f.Msg
				}
			}
			err = nil
		}
		outcomes = append(outcomes, out)
		if err != nil {
			return outcomes, err
		}
	}
	return outcomes, nil
}

func author(by audit.Actor) *uuid.UUID {
	if by.ID == uuid.Nil {
		return nil
	}
	return &by.ID
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, by audit.Actor, action string, id uuid.UUID, detail any) error {
	return audit.Write(ctx, tx, audit.Entry{Dataset: s.dataset, Actor: by, Action: action, Object: "duplicates/" + id.String(), Detail: detail})
}
