package dedup

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	// maxMessageBytes is how long a conversation may be to be compared. It is
	// four times what any platform trains on.
	maxMessageBytes = 256 << 10
	// batchBytes bounds the text of one batch, at bytesPerToken: English in JSON
	// has about four bytes to a token.
	batchBytes    = 32 << 20
	bytesPerToken = 4
	// textsAtOnce is how many texts are read in one query; textsKept how many
	// of those that do not belong to the batch are kept for comparing.
	textsAtOnce = 500
	textsKept   = 4000
)

// Scanned is what a Scan came to.
type Scanned struct {
	Examples int // looked at
	Pairs    int // found
}

// Scan looks at every example that came in, changed or went since the last time
// and brings pairs, groups and findings up to date. It works in batches, each a
// transaction of its own, and what is done is out of the queue: a Scan that is
// stopped or killed goes on where it was. Two at once do no harm. It returns
// when nothing waits any more; examples that change meanwhile are looked at
// again.
func (s *Service) Scan(ctx context.Context) (Scanned, error) {
	var done Scanned
	old, err := db.New(s.db).QueueOutdatedDuplicates(ctx, s.dataset, signatureVersion)
	if err != nil {
		return done, fmt.Errorf("scan for duplicates: queue what an older version has signed: %w", err)
	}
	if old > 0 {
		s.log.InfoContext(ctx, "the method changed; examples are signed anew", slog.Int64("examples", old))
	}
	cat, err := s.catalog(ctx)
	if err != nil {
		return done, fmt.Errorf("scan for duplicates: read the catalog: %w", err)
	}
	defer s.dropFilter()
	for {
		before := done.Examples
		if err := s.pass(ctx, cat, &done); err != nil {
			return done, fmt.Errorf("scan for duplicates: %w", err)
		}
		if done.Examples == before {
			return done, nil
		}
	}
}

// Waiting counts the examples that Scan has still to look at, up to most.
func (s *Service) Waiting(ctx context.Context, most int) (int, error) {
	n, err := db.New(s.db).CountQueuedDuplicates(ctx, s.dataset, int32(most))
	if err != nil {
		return 0, fmt.Errorf("count what waits for the scan: %w", err)
	}
	return int(n), nil
}

// pass works the queue off once, from its front to its end: the next batch is
// read and signed while one is compared. While it works off many, the tables
// outgrow what the planner knows of them, so it is told after one batch, four,
// sixteen and so on; without, some plans walk a whole index for each row.
func (s *Service) pass(ctx context.Context, cat *catalog.Catalog, done *Scanned) error {
	batches := make(chan *batch)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		after := uuid.Nil
		for i := 0; ; i++ {
			var rows []db.QueuedDuplicatesRow
			if err := s.read(ctx, func(q *db.Queries) (err error) {
				rows, err = q.QueuedDuplicates(ctx, s.dataset, after, int32(s.batch))
				return err
			}); err != nil {
				return fmt.Errorf("read the queue: %w", err)
			}
			if len(rows) == 0 {
				return nil
			}
			if i == 0 && len(rows) == s.batch {
				if err := db.New(s.db).AnalyzeExamples(ctx); err != nil {
					return fmt.Errorf("tell the planner what came in: %w", err)
				}
				if err := s.buildFilter(ctx); err != nil {
					return fmt.Errorf("read the keys: %w", err)
				}
			}
			b, err := s.prepare(ctx, rows)
			if err != nil {
				return err
			}
			after = b.entries[len(b.entries)-1].id
			select {
			case batches <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	g.Go(func() error {
		for i := 0; ; i++ {
			b, ok := <-batches
			if !ok {
				return nil
			}
			if len(b.entries) == s.batch && i&(i-1) == 0 && i%3 == 1 {
				if err := db.New(s.db).AnalyzeDuplicates(ctx); err != nil {
					return fmt.Errorf("tell the planner what there is: %w", err)
				}
			}
			n, pairs, err := s.settle(ctx, cat, b)
			if err != nil {
				return err
			}
			done.Examples += n
			done.Pairs += pairs
		}
	})
	return g.Wait()
}

// read runs queries in a transaction that stays on the indexes.
func (s *Service) read(ctx context.Context, f func(q *db.Queries) error) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := q.StayOnIndexes(ctx); err != nil {
			return err
		}
		return f(q)
	})
}

// lock makes q's transaction the only one that changes pairs, groups and keys.
func (s *Service) lock(ctx context.Context, q *db.Queries) error {
	if err := q.StayOnIndexes(ctx); err != nil {
		return fmt.Errorf("set the planner: %w", err)
	}
	if err := q.LockDuplicates(ctx, s.dataset.String()); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

// An entry is one example of a batch.
type entry struct {
	id       uuid.UUID
	stamp    int64
	again    bool
	text     *text // nil: not in the running: gone, rejected, or too long
	revision int32
	keys     []key
}

// A batch is what is looked at in one transaction.
type batch struct {
	entries []entry
	byID    map[uuid.UUID]*entry
}

// prepare reads and signs the examples of rows, as many as batchBytes allows.
func (s *Service) prepare(ctx context.Context, rows []db.QueuedDuplicatesRow) (*batch, error) {
	b := &batch{byID: make(map[uuid.UUID]*entry, len(rows))}
	size := int64(0)
	for _, r := range rows {
		size += min(bytesPerToken*int64(r.Tokens), maxMessageBytes)
		if size > batchBytes && len(b.entries) > 0 {
			break
		}
		b.entries = append(b.entries, entry{id: r.ExampleID, stamp: r.Stamp, again: r.Again})
	}
	for i := range b.entries {
		b.byID[b.entries[i].id] = &b.entries[i]
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.workers)
	for part := range slices.Chunk(b.entries, textsAtOnce) {
		g.Go(func() error {
			ids := make([]uuid.UUID, len(part))
			for i := range part {
				ids[i] = part[i].id
			}
			var texts []db.DuplicateTextsRow
			if err := s.read(ctx, func(q *db.Queries) (err error) {
				texts, err = q.DuplicateTexts(ctx, ids, s.dataset, maxMessageBytes)
				return err
			}); err != nil {
				return fmt.Errorf("read examples: %w", err)
			}
			for _, t := range texts {
				e := b.byID[t.ID]
				var err error
				if e.text, err = parse(t); err != nil {
					return err
				}
				e.revision, e.keys = t.Revision, s.signer.sign(e.text)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return b, nil
}

func parse(t db.DuplicateTextsRow) (*text, error) {
	messages, err := example.ParseMessages([]byte(t.Messages))
	if err != nil {
		return nil, fmt.Errorf("read example %s: %w", t.ID, err)
	}
	return newText(t.Category, messages), nil
}

// settle carries a batch through: it takes the entries off the queue and brings
// keys, pairs, groups and findings in line with them. It returns how many
// entries were settled and how many pairs found. Entries that were renewed since
// they were read stay in the queue.
func (s *Service) settle(ctx context.Context, cat *catalog.Catalog, b *batch) (settled, found int, err error) {
	err = postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		w := &work{Service: s, tx: tx, q: db.New(tx), catalog: cat, batch: b, touched: map[uuid.UUID]bool{}}
		var err error
		settled, found, err = w.run(ctx)
		return err
	})
	return settled, found, err
}

// work is one transaction of settle.
type work struct {
	*Service
	tx      pgx.Tx
	q       *db.Queries
	catalog *catalog.Catalog
	batch   *batch
	touched map[uuid.UUID]bool // whose findings may change
}

func (w *work) run(ctx context.Context) (settled, found int, err error) {
	if err := w.q.CommitLater(ctx); err != nil {
		return 0, 0, fmt.Errorf("set the commit: %w", err)
	}
	if err := w.lock(ctx, w.q); err != nil {
		return 0, 0, err
	}
	others, err := w.q.WriteDuplicates(ctx, w.dataset, w.writer)
	if err != nil {
		return 0, 0, fmt.Errorf("note the writer: %w", err)
	}
	if others > 0 {
		w.dropFilter()
	}
	mine, err := w.take(ctx)
	if err != nil {
		return 0, 0, err
	}
	search, err := w.sign(ctx, mine)
	if err != nil {
		return 0, 0, err
	}
	pairs, err := w.find(ctx, search)
	if err != nil {
		return 0, 0, err
	}
	if err := w.link(ctx, pairs); err != nil {
		return 0, 0, err
	}
	if err := w.tell(ctx); err != nil {
		return 0, 0, err
	}
	return len(mine), len(pairs), nil
}

// take takes the batch's entries off the queue and returns those that are still
// as they were read.
func (w *work) take(ctx context.Context) ([]*entry, error) {
	ids, stamps := make([]uuid.UUID, len(w.batch.entries)), make([]int64, len(w.batch.entries))
	for i, e := range w.batch.entries {
		ids[i], stamps[i] = e.id, e.stamp
	}
	taken, err := w.q.TakeQueuedDuplicates(ctx, ids, stamps, w.dataset)
	if err != nil {
		return nil, fmt.Errorf("take from the queue: %w", err)
	}
	mine := make([]*entry, len(taken))
	for i, id := range taken {
		mine[i] = w.batch.byID[id]
	}
	slices.SortFunc(mine, func(a, b *entry) int { return bytes.Compare(a.id[:], b.id[:]) })
	return mine, nil
}

// sign replaces the signatures and keys of what changed, takes out the pairs of
// what changed or went, and returns the entries that need partners.
func (w *work) sign(ctx context.Context, mine []*entry) ([]*entry, error) {
	ids := make([]uuid.UUID, len(mine))
	for i, e := range mine {
		ids[i] = e.id
	}
	rows, err := w.q.DuplicateSignatures(ctx, w.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("read signatures: %w", err)
	}
	signed := make(map[uuid.UUID]db.DuplicateSignaturesRow, len(rows))
	for _, r := range rows {
		signed[r.ExampleID] = r
	}
	var search []*entry
	var drop, gone []uuid.UUID
	var dropKeys []int64
	var dropKeyOf []uuid.UUID
	var signatures []*entry
	var keys []keyOf
	for _, e := range mine {
		old, was := signed[e.id]
		if was && e.text != nil && old.Revision == e.revision && old.Version == signatureVersion &&
			slices.EqualFunc(old.Keys, e.keys, func(a int64, b key) bool { return a == int64(b.hash) }) {
			if e.again {
				search = append(search, e)
			}
			continue
		}
		if was {
			drop = append(drop, e.id)
			for _, k := range old.Keys {
				dropKeys, dropKeyOf = append(dropKeys, k), append(dropKeyOf, e.id)
			}
		}
		if e.text == nil {
			gone = append(gone, e.id)
			continue
		}
		search = append(search, e)
		signatures = append(signatures, e)
		for _, k := range e.keys {
			keys = append(keys, keyOf{int64(k.hash), e.id})
		}
	}
	if len(drop) > 0 {
		if err := w.q.DropDuplicateKeys(ctx, dropKeys, dropKeyOf); err != nil {
			return nil, fmt.Errorf("drop keys: %w", err)
		}
		if err := w.q.DropDuplicateSignatures(ctx, w.dataset, drop); err != nil {
			return nil, fmt.Errorf("drop signatures: %w", err)
		}
		if err := w.part(ctx, drop); err != nil {
			return nil, err
		}
	}
	if err := w.forget(ctx, gone); err != nil {
		return nil, err
	}
	// In the order of the index, so that neighbours meet on its pages.
	slices.SortFunc(keys, func(a, b keyOf) int { return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.id[:], b.id[:])) })
	if err := w.copyIn(ctx, signatures, keys); err != nil {
		return nil, err
	}
	return search, nil
}

// forget drops what people ruled about examples that are not there any more.
func (w *work) forget(ctx context.Context, out []uuid.UUID) error {
	if len(out) == 0 {
		return nil
	}
	present, err := w.q.PresentExamples(ctx, w.dataset, out)
	if err != nil {
		return fmt.Errorf("look for removed examples: %w", err)
	}
	gone := slices.DeleteFunc(slices.Clone(out), func(id uuid.UUID) bool { return slices.Contains(present, id) })
	if len(gone) == 0 {
		return nil
	}
	if err := w.q.DropRulingsOfGone(ctx, w.dataset, gone); err != nil {
		return fmt.Errorf("forget rulings on removed examples: %w", err)
	}
	return nil
}

// part takes out every pair of the examples, splits the groups that these held
// together, and has their former partners look for others: in a large group
// they may have been connected through the examples alone.
func (w *work) part(ctx context.Context, ids []uuid.UUID) error {
	members, err := w.q.GroupsOfExamples(ctx, classNames, ids, w.dataset)
	if err != nil {
		return fmt.Errorf("find groups: %w", err)
	}
	pairs, err := w.q.DropDuplicatePairs(ctx, w.dataset, ids)
	if err != nil {
		return fmt.Errorf("drop pairs: %w", err)
	}
	leaving := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		leaving[id] = true
		w.touched[id] = true
	}
	var partners []uuid.UUID
	for _, p := range pairs {
		for _, id := range [2]uuid.UUID{p.A, p.B} {
			if !leaving[id] {
				w.touched[id] = true
				partners = append(partners, id)
			}
		}
	}
	slices.SortFunc(partners, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	if partners = slices.Compact(partners); len(partners) > 0 {
		if err := w.q.QueueDuplicatesAgain(ctx, w.dataset, partners); err != nil {
			return fmt.Errorf("queue former partners: %w", err)
		}
	}
	groups := map[uuid.UUID]db.GroupsOfExamplesRow{}
	for _, m := range members {
		groups[m.GroupID] = m
	}
	for id, m := range groups {
		if err := w.split(ctx, id, class(m.Class)); err != nil {
			return err
		}
	}
	return nil
}

// find returns the pairs that the entries make, having stored them.
func (w *work) find(ctx context.Context, search []*entry) ([]link, error) {
	candidates, err := w.candidates(ctx, search)
	if err != nil {
		return nil, err
	}
	shelf := &shelf{work: w, others: map[uuid.UUID]*text{}}
	var found []link
	compared := map[[2]uuid.UUID]bool{}
	for part := range slices.Chunk(search, textsAtOnce) {
		if err := shelf.fetch(ctx, part, candidates); err != nil {
			return nil, err
		}
		for _, e := range part {
			pairs := 0
			for _, other := range candidates[e.id] {
				l := link{a: e.id, b: other}
				if less(other, e.id) {
					l.a, l.b = other, e.id
				}
				partner := shelf.text(other)
				if partner == nil || compared[[2]uuid.UUID{l.a, l.b}] {
					continue
				}
				compared[[2]uuid.UUID{l.a, l.b}] = true
				r, ok := compare(e.text, partner)
				if !ok {
					continue
				}
				l.relation, l.category = r, e.text.category
				found = append(found, l)
				if pairs++; pairs == enough {
					break
				}
			}
		}
	}
	if found, err = w.dropRuled(ctx, found); err != nil {
		return nil, err
	}
	return found, w.store(ctx, found)
}

// candidates returns, for each entry, who shares a key with it: the oldest of
// each bucket, each once, in the order of their ids.
func (w *work) candidates(ctx context.Context, search []*entry) (map[uuid.UUID][]uuid.UUID, error) {
	most := map[int64]int32{}
	for _, e := range search {
		for _, k := range e.keys {
			if w.shared(k.hash) {
				most[int64(k.hash)] = int32(k.members() + 1) // the entry itself may be among them
			}
		}
	}
	keys, limits := make([]int64, 0, len(most)), make([]int32, len(most))
	for k := range most {
		keys = append(keys, k)
	}
	slices.Sort(keys) // in the order of the index
	for i, k := range keys {
		limits[i] = most[k]
	}
	rows, err := w.q.DuplicateBuckets(ctx, keys, limits)
	if err != nil {
		return nil, fmt.Errorf("find candidates: %w", err)
	}
	buckets := make(map[int64][]uuid.UUID, len(rows))
	for _, r := range rows {
		buckets[r.Key] = r.Members
	}
	out := map[uuid.UUID][]uuid.UUID{}
	for _, e := range search {
		var list []uuid.UUID
		for _, k := range e.keys {
			looked := 0
			for _, id := range buckets[int64(k.hash)] {
				if id != e.id && looked < k.members() {
					list = append(list, id)
					looked++
				}
			}
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		out[e.id] = slices.Compact(list)
	}
	return out, nil
}

// A link is a verified pair on its way into the database.
type link struct {
	relation
	a, b     uuid.UUID // a < b
	category string
}

// dropRuled leaves out the pairs of which somebody said that they are none.
func (w *work) dropRuled(ctx context.Context, found []link) ([]link, error) {
	if len(found) == 0 {
		return nil, nil
	}
	var ids []uuid.UUID
	for _, l := range found {
		ids = append(ids, l.a, l.b)
	}
	rows, err := w.q.ExamplesApart(ctx, w.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("read rulings: %w", err)
	}
	if len(rows) == 0 {
		return found, nil
	}
	type ruling struct {
		id      uuid.UUID
		example uuid.UUID
		class   string
	}
	ruled := map[ruling]bool{}
	of := map[uuid.UUID][]uuid.UUID{}
	for _, r := range rows {
		ruled[ruling{r.RulingID, r.ExampleID, r.Class}] = true
		of[r.ExampleID] = append(of[r.ExampleID], r.RulingID)
	}
	return slices.DeleteFunc(found, func(l link) bool {
		return slices.ContainsFunc(of[l.a], func(id uuid.UUID) bool {
			c := string(classOf(l.kind))
			return ruled[ruling{id, l.a, c}] && ruled[ruling{id, l.b, c}]
		})
	}), nil
}

func (w *work) store(ctx context.Context, found []link) error {
	if len(found) == 0 {
		return nil
	}
	arg := db.InsertDuplicatePairsParams{DatasetID: w.dataset}
	for _, l := range found {
		fields, err := json.Marshal(append([]string{}, l.fields...))
		if err != nil {
			return fmt.Errorf("encode fields: %w", err)
		}
		arg.Kinds, arg.A, arg.B = append(arg.Kinds, string(l.kind)), append(arg.A, l.a), append(arg.B, l.b)
		arg.Similarities, arg.Fields = append(arg.Similarities, float32(l.similarity)), append(arg.Fields, string(fields))
		if l.kind != Variant {
			w.touched[l.a], w.touched[l.b] = true, true
		}
	}
	if err := w.q.InsertDuplicatePairs(ctx, arg); err != nil {
		return fmt.Errorf("insert pairs: %w", err)
	}
	return nil
}

// A shelf holds the texts that a batch is compared with.
type shelf struct {
	*work
	others map[uuid.UUID]*text // nil: not in the running
}

// fetch reads what the entries' candidates need.
func (s *shelf) fetch(ctx context.Context, part []*entry, candidates map[uuid.UUID][]uuid.UUID) error {
	if len(s.others) > textsKept {
		clear(s.others)
	}
	var missing []uuid.UUID
	for _, e := range part {
		for _, id := range candidates[e.id] {
			if _, mine := s.batch.byID[id]; mine {
				continue
			}
			if _, here := s.others[id]; !here {
				s.others[id] = nil
				missing = append(missing, id)
			}
		}
	}
	for ids := range slices.Chunk(missing, textsAtOnce) {
		rows, err := s.q.DuplicateTexts(ctx, ids, s.dataset, maxMessageBytes)
		if err != nil {
			return fmt.Errorf("read candidates: %w", err)
		}
		for _, r := range rows {
			if s.others[r.ID], err = parse(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) text(id uuid.UUID) *text {
	if e, ok := s.batch.byID[id]; ok {
		return e.text
	}
	return s.others[id]
}
