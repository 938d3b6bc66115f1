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
	rows, err := w.q.GroupsOfExamples(ctx, []string{string(c)}, ids, w.dataset)
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
	var out regrouping
	for _, p := range parts {
		if len(p.groups) == 0 {
			if err := out.create(p.kind, p.category, p.fresh); err != nil {
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
		out.enter(keep, p.fresh)
		if size != int(groups[keep].Size) || p.kind != Kind(groups[keep].Kind) {
			out.set(keep, p.kind, size)
		}
	}
	return out.apply(ctx, w, c)
}

// A regrouping collects changes of groups of one class, to write them at once.
type regrouping struct {
	fresh   db.InsertDuplicateGroupsParams
	members db.InsertDuplicateMembersParams
	changed db.SetDuplicateGroupsParams
}

func (r *regrouping) create(kind Kind, category string, members []uuid.UUID) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	f := &r.fresh
	f.Ids, f.Kinds = append(f.Ids, id), append(f.Kinds, string(kind))
	f.Categories, f.Sizes = append(f.Categories, category), append(f.Sizes, int32(len(members)))
	r.enter(id, members)
	return nil
}

func (r *regrouping) enter(group uuid.UUID, members []uuid.UUID) {
	for _, m := range members {
		r.members.Ids, r.members.Groups = append(r.members.Ids, m), append(r.members.Groups, group)
	}
}

func (r *regrouping) set(group uuid.UUID, kind Kind, size int) {
	c := &r.changed
	c.Ids, c.Kinds, c.Sizes = append(c.Ids, group), append(c.Kinds, string(kind)), append(c.Sizes, int32(size))
}

func (r *regrouping) apply(ctx context.Context, w *work, c class) error {
	r.fresh.DatasetID, r.members.DatasetID, r.changed.DatasetID = w.dataset, w.dataset, w.dataset
	r.fresh.Class, r.members.Class = string(c), string(c)
	if len(r.fresh.Ids) > 0 {
		if err := w.q.InsertDuplicateGroups(ctx, r.fresh); err != nil {
			return err
		}
	}
	if len(r.members.Ids) > 0 {
		if err := w.q.InsertDuplicateMembers(ctx, r.members); err != nil {
			return err
		}
	}
	if len(r.changed.Ids) > 0 {
		return w.q.SetDuplicateGroups(ctx, r.changed)
	}
	return nil
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
	var out regrouping
	if keep == uuid.Nil {
		if err := w.q.DropDuplicateGroups(ctx, w.dataset, []uuid.UUID{id}); err != nil {
			return fmt.Errorf("drop group %s: %w", id, err)
		}
	} else {
		out.set(id, kinds[keep], len(parts[keep]))
	}
	for root, part := range parts {
		if root == keep || len(part) == 1 {
			continue
		}
		if err := out.create(kinds[root], group.Category, part); err != nil {
			return err
		}
	}
	if err := out.apply(ctx, w, c); err != nil {
		return fmt.Errorf("write what is left of group %s: %w", id, err)
	}
	return nil
}
