package dedup

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
)

// A class is what a group is a component of: an example is in at most one group
// of each.
type class string

const (
	copies         class = "copy"
	contradictions class = "contradiction"
	variants       class = "variant"
)

var classNames = []string{string(copies), string(contradictions), string(variants)}

func classOf(k Kind) class {
	switch k {
	case Equal, Near:
		return copies
	case Contradiction:
		return contradictions
	case Variant:
		return variants
	}
	panic("dedup: kind " + string(k))
}

// kinds are the kinds of pair that hold a group of c together.
func (c class) kinds() []string {
	switch c {
	case copies:
		return []string{string(Equal), string(Near)}
	case contradictions:
		return []string{string(Contradiction)}
	case variants:
		return []string{string(Variant)}
	}
	panic("dedup: class " + string(c))
}

// plus is the kind of a group that a pair joins: one near pair makes it near.
func (k Kind) plus(pair Kind) Kind {
	if k == "" || pair == Near {
		return pair
	}
	return k
}

// link joins what new pairs connect into groups. The largest of the groups that
// become one stays, so that a stream of small batches never moves a large group
// twice.
func (w *work) link(ctx context.Context, found []link) error {
	for _, name := range classNames {
		c := class(name)
		var pairs []link
		var ids []uuid.UUID
		for _, l := range found {
			if classOf(l.kind) == c {
				pairs = append(pairs, l)
				ids = append(ids, l.a, l.b)
			}
		}
		if len(pairs) == 0 {
			continue
		}
		if err := w.linkClass(ctx, c, pairs, ids); err != nil {
			return fmt.Errorf("join groups: %w", err)
		}
	}
	return nil
}

func (w *work) linkClass(ctx context.Context, c class, pairs []link, ids []uuid.UUID) error {
	rows, err := w.q.GroupsOfExamples(ctx, w.dataset, []string{string(c)}, ids)
	if err != nil {
		return err
	}
	grouped := make(map[uuid.UUID]uuid.UUID, len(rows))
	groups := map[uuid.UUID]db.GroupsOfExamplesRow{}
	joined := forest{}
	for _, r := range rows {
		grouped[r.ExampleID], groups[r.GroupID] = r.GroupID, r
		joined.join(r.GroupID, r.ExampleID)
	}
	for _, l := range pairs {
		joined.join(l.a, l.b)
	}
	type component struct {
		kind     Kind
		category string
		fresh    []uuid.UUID
		groups   []uuid.UUID
	}
	parts := map[uuid.UUID]*component{}
	part := func(id uuid.UUID) *component {
		root := joined.root(id)
		if parts[root] == nil {
			parts[root] = &component{}
		}
		return parts[root]
	}
	for _, l := range pairs {
		p := part(l.a)
		p.kind, p.category = p.kind.plus(l.kind), l.category
		for _, id := range [2]uuid.UUID{l.a, l.b} {
			if _, ok := grouped[id]; !ok {
				grouped[id] = uuid.Nil
				p.fresh = append(p.fresh, id)
			}
		}
	}
	for id, g := range groups {
		p := part(id)
		p.kind = p.kind.plus(Kind(g.Kind))
		p.groups = append(p.groups, id)
	}
	for _, p := range parts {
		if len(p.groups) == 0 {
			if err := w.create(ctx, c, p.kind, p.category, p.fresh); err != nil {
				return err
			}
			continue
		}
		slices.SortFunc(p.groups, func(a, b uuid.UUID) int {
			if d := groups[b].Size - groups[a].Size; d != 0 {
				return int(d)
			}
			return bytes.Compare(a[:], b[:])
		})
		keep, rest := p.groups[0], p.groups[1:]
		size := len(p.fresh)
		for _, id := range p.groups {
			size += int(groups[id].Size)
		}
		if len(rest) > 0 {
			if err := w.q.MoveDuplicateMembers(ctx, keep, w.dataset, rest); err != nil {
				return err
			}
			if err := w.q.DropDuplicateGroups(ctx, w.dataset, rest); err != nil {
				return err
			}
		}
		if len(p.fresh) > 0 {
			if err := w.q.InsertDuplicateMembers(ctx, db.InsertDuplicateMembersParams{DatasetID: w.dataset, Class: string(c), GroupID: keep, Ids: p.fresh}); err != nil {
				return err
			}
		}
		if size == int(groups[keep].Size) && p.kind == Kind(groups[keep].Kind) {
			continue
		}
		if err := w.q.SetDuplicateGroup(ctx, db.SetDuplicateGroupParams{DatasetID: w.dataset, ID: keep, Kind: string(p.kind), Size: int32(size)}); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) create(ctx context.Context, c class, kind Kind, category string, members []uuid.UUID) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if err := w.q.InsertDuplicateGroup(ctx, db.InsertDuplicateGroupParams{
		DatasetID: w.dataset, ID: id, Class: string(c), Kind: string(kind), Category: category, Size: int32(len(members)),
	}); err != nil {
		return err
	}
	return w.q.InsertDuplicateMembers(ctx, db.InsertDuplicateMembersParams{DatasetID: w.dataset, Class: string(c), GroupID: id, Ids: members})
}

// split works a group out anew from the pairs that are left of it: its largest
// part keeps the group, other parts become groups of their own, and who has no
// pair any more leaves.
func (w *work) split(ctx context.Context, id uuid.UUID, c class) error {
	group, err := w.q.DuplicateGroup(ctx, w.dataset, id)
	if err != nil {
		return fmt.Errorf("read group %s: %w", id, err)
	}
	rows, err := w.q.MembersOfGroups(ctx, w.dataset, []uuid.UUID{id})
	if err != nil {
		return fmt.Errorf("read the members of group %s: %w", id, err)
	}
	members := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		members[i] = r.ExampleID
	}
	pairs, err := w.q.DuplicatePairsAmong(ctx, db.DuplicatePairsAmongParams{DatasetID: w.dataset, Kinds: c.kinds(), Ids: members, MaxRows: math.MaxInt32})
	if err != nil {
		return fmt.Errorf("read the pairs of group %s: %w", id, err)
	}
	joined := forest{}
	for _, p := range pairs {
		joined.join(p.A, p.B)
	}
	parts, kinds := map[uuid.UUID][]uuid.UUID{}, map[uuid.UUID]Kind{}
	for _, m := range members {
		root := joined.root(m)
		parts[root] = append(parts[root], m)
	}
	for _, p := range pairs {
		root := joined.root(p.A)
		kinds[root] = kinds[root].plus(Kind(p.Kind))
	}
	var keep uuid.UUID
	for root, part := range parts {
		if best := parts[keep]; len(part) > 1 && (len(part) > len(best) || len(part) == len(best) && less(root, keep)) {
			keep = root
		}
	}
	var leave []uuid.UUID
	for root, part := range parts {
		if root != keep {
			leave = append(leave, part...)
		}
	}
	if len(leave) > 0 {
		if err := w.q.DropDuplicateMembers(ctx, w.dataset, string(c), leave); err != nil {
			return fmt.Errorf("take members out of group %s: %w", id, err)
		}
	}
	if keep == uuid.Nil {
		err = w.q.DropDuplicateGroups(ctx, w.dataset, []uuid.UUID{id})
	} else {
		err = w.q.SetDuplicateGroup(ctx, db.SetDuplicateGroupParams{DatasetID: w.dataset, ID: id, Kind: string(kinds[keep]), Size: int32(len(parts[keep]))})
	}
	if err != nil {
		return fmt.Errorf("update group %s: %w", id, err)
	}
	for root, part := range parts {
		if root == keep || len(part) == 1 {
			continue
		}
		if err := w.create(ctx, c, kinds[root], group.Category, part); err != nil {
			return fmt.Errorf("make a group of a part of %s: %w", id, err)
		}
	}
	return nil
}
