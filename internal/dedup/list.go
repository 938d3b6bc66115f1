package dedup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Group is examples that are related, directly or through others.
type Group struct {
	ID       uuid.UUID
	Kind     Kind // of copies: Near where one pair is near
	Category string
	Size     int
	Since    time.Time // when the first two were found

	// Members are MaxMembers of them at most, the oldest first, and Pairs what was
	// verified among these. A large group has more of both.
	Members []Member
	Pairs   []Pair
}

// MaxMembers is how many members of a group are shown.
const MaxMembers = 20

// maxGroups is how many groups one page may have.
const maxGroups = 100

// A Member is an example in a group, as it is now.
type Member struct {
	ID          uuid.UUID
	Category    string
	Subcategory string
	Status      example.Status
	Revision    int
	Errors      int
	Warnings    int
	Tokens      int
	ImportID    uuid.UUID
	SourceName  string // of the file
	SourceLine  int64
	Messages    []example.Message
}

// A Pair is two examples that were compared.
type Pair struct {
	A, B       uuid.UUID // A is the older one
	Kind       Kind
	Similarity float64  // of the questions, 0 to 1
	Fields     []string // of a contradiction between structured answers: JSON pointers of what differs
}

// A Filter chooses groups. The groups come in the order in which they were
// found.
type Filter struct {
	Kind     Kind
	Category string    // a slug; empty: every category
	After    uuid.UUID // the last group of the page before
	Limit    int       // 0: 20; at most 100
}

// List returns the groups of one kind with their members, a page at a time.
func (s *Service) List(ctx context.Context, f Filter) ([]Group, error) {
	if !f.Kind.Valid() {
		return nil, fault.Fields("There is no such list of duplicates.", map[string]string{"kind": "Use equal, near, contradiction or variant."})
	}
	if f.Limit <= 0 {
		f.Limit = 20
	}
	f.Limit = min(f.Limit, maxGroups)
	q := db.New(s.db)
	var groups []Group
	if f.Category == "" {
		rows, err := q.DuplicateGroupsOfKind(ctx, db.DuplicateGroupsOfKindParams{DatasetID: s.dataset, Kind: string(f.Kind), After: f.After, MaxRows: int32(f.Limit)})
		if err != nil {
			return nil, fmt.Errorf("list duplicates: %w", err)
		}
		for _, r := range rows {
			groups = append(groups, groupOf(db.DuplicateGroupRow(r)))
		}
	} else {
		rows, err := q.DuplicateGroups(ctx, db.DuplicateGroupsParams{
			DatasetID: s.dataset, Kind: string(f.Kind), Category: f.Category, After: f.After, MaxRows: int32(f.Limit),
		})
		if err != nil {
			return nil, fmt.Errorf("list duplicates: %w", err)
		}
		for _, r := range rows {
			groups = append(groups, groupOf(db.DuplicateGroupRow(r)))
		}
	}
	if err := s.fill(ctx, q, groups, uuid.Nil); err != nil {
		return nil, fmt.Errorf("list duplicates: %w", err)
	}
	return groups, nil
}

// Get returns one group with its members beyond after (uuid.Nil: from the first
// on), or fault.NotFound: groups go when their members do.
func (s *Service) Get(ctx context.Context, id, after uuid.UUID) (Group, error) {
	q := db.New(s.db)
	row, err := q.DuplicateGroup(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Group{}, noGroup()
	}
	if err != nil {
		return Group{}, fmt.Errorf("read group %s: %w", id, err)
	}
	groups := []Group{groupOf(row)}
	if err := s.fill(ctx, q, groups, after); err != nil {
		return Group{}, fmt.Errorf("read group %s: %w", id, err)
	}
	return groups[0], nil
}

// GroupsOf returns the groups that an example is in, without members.
func (s *Service) GroupsOf(ctx context.Context, id uuid.UUID) ([]Group, error) {
	rows, err := db.New(s.db).GroupsOfExamples(ctx, classNames, []uuid.UUID{id}, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("find the groups of example %s: %w", id, err)
	}
	groups := make([]Group, len(rows))
	for i, r := range rows {
		groups[i] = Group{ID: r.GroupID, Kind: Kind(r.Kind), Size: int(r.Size)}
	}
	return groups, nil
}

func noGroup() error {
	return fault.New(fault.NotFound, "This group of duplicates is not there any more: its examples were decided, edited or removed. Go back to the list.")
}

func groupOf(r db.DuplicateGroupRow) Group {
	return Group{ID: r.ID, Kind: Kind(r.Kind), Category: r.Category, Size: int(r.Size), Since: r.CreatedAt}
}

// fill reads the first members of groups beyond after and the pairs among them.
func (s *Service) fill(ctx context.Context, q *db.Queries, groups []Group, after uuid.UUID) error {
	ids := make([]uuid.UUID, len(groups))
	at := map[uuid.UUID]int{}
	for i, g := range groups {
		ids[i], at[g.ID] = g.ID, i
	}
	rows, err := q.DuplicateMembers(ctx, db.DuplicateMembersParams{Groups: ids, DatasetID: s.dataset, After: after, MaxMembers: MaxMembers})
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	var members []uuid.UUID
	in := map[uuid.UUID][]int{}
	for _, r := range rows {
		messages, err := example.ParseMessages([]byte(r.Messages))
		if err != nil {
			return fmt.Errorf("read example %s: %w", r.ID, err)
		}
		g := at[r.GroupID]
		groups[g].Members = append(groups[g].Members, Member{
			ID: r.ID, Category: r.Category, Subcategory: r.Subcategory, Status: example.Status(r.Status), Revision: int(r.Revision),
			Errors: int(r.Errors), Warnings: int(r.Warnings), Tokens: int(r.Tokens), ImportID: r.ImportID, SourceName: r.SourceName, SourceLine: r.SourceLine, Messages: messages,
		})
		members = append(members, r.ID)
		in[r.ID] = append(in[r.ID], g)
	}
	kinds := make([]string, len(Kinds))
	for i, k := range Kinds {
		kinds[i] = string(k)
	}
	pairs, err := q.DuplicatePairsAmong(ctx, db.DuplicatePairsAmongParams{DatasetID: s.dataset, Kinds: kinds, Ids: members, MaxRows: maxGroups * MaxMembers * enough})
	if err != nil {
		return fmt.Errorf("read pairs: %w", err)
	}
	for _, p := range pairs {
		for _, g := range in[p.A] {
			if classOf(groups[g].Kind) != classOf(Kind(p.Kind)) {
				continue
			}
			pair := Pair{A: p.A, B: p.B, Kind: Kind(p.Kind), Similarity: float64(p.Similarity)}
			if err := json.Unmarshal([]byte(p.Fields), &pair.Fields); err != nil {
				return fmt.Errorf("read the fields of the pair %s, %s: %w", p.A, p.B, err)
			}
			groups[g].Pairs = append(groups[g].Pairs, pair)
		}
	}
	return nil
}

// A Count is how many groups of a kind there are in a category, and how many
// examples are in them.
type Count struct {
	Kind             Kind
	Category         string
	Groups, Examples int
}

// Counts returns the number of groups by kind and category.
func (s *Service) Counts(ctx context.Context) ([]Count, error) {
	rows, err := db.New(s.db).CountDuplicateGroups(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("count duplicates: %w", err)
	}
	counts := make([]Count, len(rows))
	for i, r := range rows {
		counts[i] = Count{Kind(r.Kind), r.Category, int(r.Groups), int(r.Examples)}
	}
	return counts, nil
}

// An Origin is an example that was rejected in favour of another, with where it
// came from.
type Origin struct {
	Example    uuid.UUID
	Kind       Kind
	At         time.Time
	ImportID   uuid.UUID
	SourceID   uuid.UUID
	SourceName string
	SourceLine int64
}

// maxOrigins is how many origins one example lists.
const maxOrigins = 1000

// RejectedFor returns the examples that were rejected in favour of survivor and
// still are: its further provenance.
func (s *Service) RejectedFor(ctx context.Context, survivor uuid.UUID) ([]Origin, error) {
	rows, err := db.New(s.db).RejectedFor(ctx, s.dataset, survivor, maxOrigins)
	if err != nil {
		return nil, fmt.Errorf("list what example %s replaces: %w", survivor, err)
	}
	origins := make([]Origin, len(rows))
	for i, r := range rows {
		origins[i] = Origin{r.ExampleID, Kind(r.Kind), r.CreatedAt, r.ImportID, r.SourceID, r.SourceName, r.SourceLine}
	}
	return origins, nil
}

// SurvivorOf returns the example in favour of which another was rejected, or
// false where it was not, or is not rejected any more.
func (s *Service) SurvivorOf(ctx context.Context, id uuid.UUID) (uuid.UUID, bool, error) {
	rows, err := db.New(s.db).SurvivorsOf(ctx, s.dataset, id)
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("find what replaces example %s: %w", id, err)
	}
	if len(rows) == 0 {
		return uuid.Nil, false, nil
	}
	return rows[0].SurvivorID, true, nil
}
