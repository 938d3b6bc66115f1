package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/export"
)

// chunk is how many rows one query reads; of texts, which may be long, fewer.
const (
	chunk     = 4000
	textChunk = 500
)

// An item is a chosen example. There may be millions, so it is 48 bytes: what is
// needed of an example all the time, and no text. It holds no pointer, so that the
// garbage collector does not look at it.
type item struct {
	id       uuid.UUID
	hash     [8]byte // the first bytes of the hash as imported: the same wherever the example is imported
	revision int32
	tokens   int32
	source   int32  // index of sources
	shelf    int32  // index of shelves
	family   int32  // index of the item that the family is named after; see tie and deal
	maker    uint16 // index of makers
	split    int8   // index of Spec.Splits
	flags    uint8
}

// The flags of an item.
const (
	flagSpecial uint8 = 1 << iota // a message holds what Llama 3 takes for a special token
	flagAbsent                    // the messages form can't say it: it is not in the merged file
)

// The keys of an item that tie it to others.
const (
	keyQuestion = iota
	keyChunk
	keyExternal
)

// keyNames say what shared a key when two splits do.
var keyNames = [...]string{"ask the same question", "come from the same source chunk or conversation", "are versions of one item of the generator"}

type shelf struct{ category, subcategory string }

type source struct {
	id       uuid.UUID
	name     string
	sha256   []byte
	licence  string
	channel  string
	importer string
	demo     bool
}

// A selection is what a release would hold.
type selection struct {
	spec    Spec
	catalog *catalog.Catalog
	shelves []shelf
	sources []source
	items   []item         // in the order of the shelves, then by id
	keys    *spill         // what ties items to others; nil where nobody asks, and once splits are dealt
	byID    []int32        // indexes of items in the order of their ids; nil until somebody looks
	left    map[string]int // rows over the cap, by category
	samples []sampledBatch
	written int      // lines of the merged file that the provenance has told of
	makers  []string // who or what wrote the examples, as their rows say; the first is nobody

	mu      sync.Mutex // guards what follows, keys and makers while texts are read
	refused map[string]*refusals
}

// refusals are the items that a preset can't say.
type refusals struct {
	rows  int
	first []uuid.UUID
	why   string
}

// choose reads which approved examples the spec takes, in one short snapshot, so
// that each is in with the revision and status of one moment.
func (s *Service) choose(ctx context.Context, spec Spec, c *catalog.Catalog) (*selection, error) {
	sel := &selection{
		spec: spec, catalog: c, left: map[string]int{}, makers: []string{""}, refused: map[string]*refusals{},
	}
	err := pgx.BeginTxFunc(ctx, s.cfg.DB, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := db.New(tx)
		at, err := sel.readSources(ctx, q, s.cfg.Dataset)
		if err != nil {
			return err
		}
		shelves, err := s.size(ctx, q, spec, c)
		if err != nil {
			return err
		}
		most := int64(0)
		for _, sh := range shelves {
			most += sh.Rows
		}
		sel.items = make([]item, 0, most) // growing it would hold it twice
		for _, sh := range shelves {
			if err := sel.readShelf(ctx, q, s.cfg.Dataset, shelf{sh.Category, sh.Subcategory}, at); err != nil {
				return fmt.Errorf("read %s/%s: %w", sh.Category, sh.Subcategory, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("choose examples: %w", err)
	}
	return sel, nil
}

// size counts the approved examples that a spec lets in, before caps, by category
// in the order of the catalog and then by subcategory: from the counters, or, where
// sources or tags are asked for, by counting.
func (s *Service) size(ctx context.Context, q *db.Queries, spec Spec, c *catalog.Catalog) ([]Part, error) {
	var out []Part
	add := func(category, subcategory string, rows, tokens int64) {
		if takes(spec.Filters.Categories, category) && takes(spec.Filters.Subcategories, subcategory) {
			out = append(out, Part{Category: category, Subcategory: subcategory, Rows: rows, Tokens: tokens})
		}
	}
	var sources []uuid.UUID
	if len(spec.Filters.Sources) > 0 {
		sel := &selection{spec: spec}
		at, err := sel.readSources(ctx, q, s.cfg.Dataset)
		if err != nil {
			return nil, err
		}
		sources = slices.Collect(maps.Keys(at))
	}
	switch {
	case len(spec.Filters.Tags) > 0:
		rows, err := q.ReleaseSizeOfTags(ctx, db.ReleaseSizeOfTagsParams{DatasetID: s.cfg.Dataset, Tags: spec.Filters.Tags, BySource: len(spec.Filters.Sources) > 0, Sources: sources})
		if err != nil {
			return nil, fmt.Errorf("count by tags: %w", err)
		}
		for _, r := range rows {
			add(r.Category, r.Subcategory, r.Examples, r.Tokens)
		}
	case len(spec.Filters.Sources) > 0:
		rows, err := q.ReleaseSizeOfSources(ctx, s.cfg.Dataset, sources)
		if err != nil {
			return nil, fmt.Errorf("count by sources: %w", err)
		}
		for _, r := range rows {
			add(r.Category, r.Subcategory, r.Examples, r.Tokens)
		}
	default:
		rows, err := q.ExportShelves(ctx, db.ExportShelvesParams{DatasetID: s.cfg.Dataset, Status: db.ExampleStatusApproved})
		if err != nil {
			return nil, fmt.Errorf("list shelves: %w", err)
		}
		for _, r := range rows {
			add(r.Category, r.Subcategory, r.Examples, r.Tokens)
		}
	}
	order := c.Slugs()
	place := func(p Part) int {
		if i := slices.Index(order, p.Category); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(out, func(a, b Part) int { return place(a) - place(b) })
	return out, nil
}

func takes(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }

// readSources reads the sources and returns their places by id; those that the
// filters leave out have none.
func (sel *selection) readSources(ctx context.Context, q *db.Queries, dataset uuid.UUID) (map[uuid.UUID]int32, error) {
	at := map[uuid.UUID]int32{}
	for after := uuid.Nil; ; {
		rows, err := q.ReleaseSources(ctx, dataset, after, chunk)
		if err != nil {
			return nil, fmt.Errorf("read sources: %w", err)
		}
		for _, r := range rows {
			after = r.ID
			if f := sel.spec.Filters.Sources; !takes(f, r.ID.String()) && !takes(f, r.Name) {
				continue
			}
			at[r.ID] = int32(len(sel.sources))
			if r.Importer == "" { // nobody with an account
				r.Importer = importers[r.Channel]
			}
			sel.sources = append(sel.sources, source{r.ID, r.Name, r.SHA256, r.Licence, r.Channel, r.Importer, r.Demo})
		}
		if len(rows) < chunk {
			return at, nil
		}
	}
}

// importers name who brought a file in where it was nobody with an account.
var importers = map[string]string{"command": "the command line", "demo": "the demo"}

func (sel *selection) readShelf(ctx context.Context, q *db.Queries, dataset uuid.UUID, sh shelf, at map[uuid.UUID]int32) error {
	n := int32(len(sel.shelves))
	sel.shelves = append(sel.shelves, sh)
	for after := uuid.Nil; ; {
		rows, err := q.ReleaseCandidates(ctx, db.ReleaseCandidatesParams{
			DatasetID: dataset, Category: sh.category, Subcategory: sh.subcategory, After: after, Tags: sel.spec.Filters.Tags, MaxRows: chunk,
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			after = r.ID
			src, ok := at[r.SourceID]
			if !ok {
				continue
			}
			sel.items = append(sel.items, item{id: r.ID, hash: [8]byte(r.Hash[:8]), revision: r.Revision, tokens: r.Tokens, source: src, shelf: n})
		}
		if len(rows) < chunk {
			return nil
		}
	}
}

// hash64 is a key of what its parts say.
func hash64(parts ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return max(binary.BigEndian.Uint64(sum[:8]), 1) // 0 means that there is none
}

// versionMark is what generators put behind an item's id for its further
// versions: inj-042-v2, inj-042_aug3, squat#var1.
var versionMark = regexp.MustCompile(`(?i)[-_.#/: ]+(v|ver|version|var|variant|aug|augmented|copy|para|paraphrase|rewrite)[-_.# ]?\d*$`)

var digits = regexp.MustCompile(`^\d+$`)

// externalKey ties versions of one item together: the id that the generator
// gave without the mark of the version. A bare number is an id only within its
// file.
func externalKey(id string, src uuid.UUID) uint64 {
	if id == "" {
		return 0
	}
	base := versionMark.ReplaceAllString(id, "")
	if base == "" {
		base = id
	}
	if digits.MatchString(base) {
		return hash64("id", base, src.String())
	}
	return hash64("id", base)
}

// chunkWords are the names under which rows say what they were made from, or
// which conversation they are a piece of.
var chunkWords = []string{
	"source_chunk", "source_chunk_id", "chunk", "chunk_id", "document_id", "source_document", "conversation_id", "dialog_id", "thread_id", "family", "parent_id",
}

// chunkKey finds what a row was made from in its metadata: a key of that name at
// the top or within "metadata" or "source".
func chunkKey(metadata string, src uuid.UUID) uint64 {
	found := false
	for _, w := range chunkWords {
		if strings.Contains(metadata, `"`+w+`"`) {
			found = true
			break
		}
	}
	if !found {
		return 0 // nearly all rows: no need to parse
	}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(metadata), &top) != nil {
		return 0
	}
	for _, at := range []map[string]json.RawMessage{top, inner(top["metadata"]), inner(top["source"])} {
		for _, w := range chunkWords {
			raw := bytes.Trim(bytes.TrimSpace(at[w]), `"`)
			if len(raw) == 0 || string(raw) == "null" || raw[0] == '{' || raw[0] == '[' {
				continue
			}
			kind := "chunk"
			if w == "family" || w == "parent_id" || strings.HasSuffix(w, "_id") && !strings.Contains(w, "chunk") {
				kind = w
			}
			if digits.Match(raw) {
				return hash64(kind, string(raw), src.String())
			}
			return hash64(kind, string(raw))
		}
	}
	return 0
}

func inner(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// A text is what the words of an item tell.
type text struct {
	at       int // index of items
	messages string
	tools    string
	metadata string
	external string // the id that the row came with
	strict   bool
}

// eachText reads the texts of all items in chunks, each a short query, and hands
// every chunk to use on one of several goroutines. It goes by id, which is the order
// in which texts lie in the table: by shelf every page would be read several times.
func (s *Service) eachText(ctx context.Context, sel *selection, progress func(done int) error, use func(texts []text) error) error {
	order := sel.inOrderOfIDs()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for from := 0; from < len(order); from += textChunk {
		if err := progress(from); err != nil {
			_ = g.Wait()
			return err
		}
		g.Go(func() error {
			part := order[from:min(from+textChunk, len(order))]
			ids, revisions, where := make([]uuid.UUID, len(part)), make([]int32, len(part)), make(map[uuid.UUID]int, len(part))
			for i, at := range part {
				ids[i], revisions[i] = sel.items[at].id, sel.items[at].revision
				where[ids[i]] = int(at)
			}
			rows, err := db.New(s.cfg.DB).ReleaseTexts(ctx, ids, revisions, s.cfg.Dataset)
			if err != nil {
				return fmt.Errorf("read texts: %w", err)
			}
			texts := make([]text, len(rows))
			for i, r := range rows {
				texts[i] = text{where[r.ExampleID], r.Messages, r.Tools, r.Metadata, r.ExternalID, r.Strict}
			}
			return use(texts)
		})
	}
	return g.Wait()
}

func keysOf(items []item) ([]uuid.UUID, []int32) {
	ids, revisions := make([]uuid.UUID, len(items)), make([]int32, len(items))
	for i := range items {
		ids[i], revisions[i] = items[i].id, items[i].revision
	}
	return ids, revisions
}

// readTexts fills in what the texts tell of their items, and what ties them to
// others where sel.keys is there for it.
func (sel *selection) readTexts(texts []text) error {
	checks := make([]*export.RowCheck, len(sel.spec.Presets))
	for i, p := range sel.spec.Presets {
		checks[i] = export.Preset(p).NewRowCheck()
	}
	ties := make([][len(keyNames)]uint64, len(texts))
	for i, t := range texts {
		it := &sel.items[t.at]
		ms, err := example.ParseMessages([]byte(t.messages))
		if err != nil {
			return fmt.Errorf("read example %s: %w", it.id, err)
		}
		if sel.keys != nil {
			if q := dedup.Question(ms); q != "" {
				ties[i][keyQuestion] = hash64(q)
			}
			ties[i][keyChunk] = chunkKey(t.metadata, sel.sources[it.source].id)
			ties[i][keyExternal] = externalKey(t.external, sel.sources[it.source].id)
		}
		if strings.Contains(t.messages, "<|") && specialToken.MatchString(t.messages) {
			it.flags |= flagSpecial
		}
		if who := maker(t.metadata); who != "" {
			it.maker = sel.makerAt(who)
		}
		for i, preset := range sel.spec.Presets {
			why, written := checks[i].Row(export.Row{Messages: []byte(t.messages), Tools: []byte(t.tools), Strict: t.strict})
			if why != "" {
				sel.refuse(preset, it.id, why)
			}
			if !written && preset == string(export.Messages) {
				it.flags |= flagAbsent
			}
		}
	}
	if sel.keys == nil {
		return nil
	}
	sel.mu.Lock()
	defer sel.mu.Unlock()
	for i, keys := range ties {
		for k, key := range keys {
			if err := sel.keys.add(k, key, int32(texts[i].at)); err != nil {
				return err
			}
		}
	}
	return nil
}

var specialToken = regexp.MustCompile(`<\|[a-z0-9_]+\|>`)

// makerWords are the names under which rows say what wrote them.
var makerWords = []string{"generator", "processor_used", "model", "generated_by"}

func maker(metadata string) string {
	for _, w := range makerWords {
		if !strings.Contains(metadata, `"`+w+`"`) {
			continue
		}
		var top map[string]json.RawMessage
		if json.Unmarshal([]byte(metadata), &top) != nil {
			return ""
		}
		for _, at := range []map[string]json.RawMessage{top, inner(top["metadata"])} {
			var who string
			if json.Unmarshal(at[w], &who) == nil && who != "" {
				return clip(who, 200)
			}
		}
	}
	return ""
}

// clip cuts s after at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func (sel *selection) makerAt(who string) uint16 {
	sel.mu.Lock()
	defer sel.mu.Unlock()
	if i := slices.Index(sel.makers, who); i >= 0 {
		return uint16(i)
	}
	if len(sel.makers) > maxMakers {
		return 0
	}
	sel.makers = append(sel.makers, who)
	return uint16(len(sel.makers) - 1)
}

// maxMakers bounds how many are told apart.
const maxMakers = 1000

func (sel *selection) refuse(preset string, id uuid.UUID, why string) {
	sel.mu.Lock()
	defer sel.mu.Unlock()
	r := sel.refused[preset]
	if r == nil {
		r = &refusals{why: why}
		sel.refused[preset] = r
	}
	r.rows++
	if len(r.first) < maxFirst {
		r.first = append(r.first, id)
	}
}

// groups are the classes of duplicates whose members stay together.
var groups = []string{"copy", "contradiction"}

// pairKinds are the kinds of verified pairs that may not lie in two splits.
var pairKinds = []string{"equal", "near", "contradiction"}

// tie gives every item its family: examples that share a key or a group of
// duplicates, directly or through others. A family is named after its smallest
// hash, which does not depend on where or in what order the examples came in.
func (s *Service) tie(ctx context.Context, sel *selection) error {
	for i := range sel.items {
		sel.items[i].family = int32(i) // the way up, until all are joined
	}
	root := func(i int32) int32 {
		for up := sel.items[i].family; up != i; up = sel.items[i].family {
			sel.items[i].family = sel.items[up].family
			i = sel.items[i].family
		}
		return i
	}
	join := func(a, b int32) {
		a, b = root(a), root(b)
		if a == b {
			return
		}
		if bytes.Compare(sel.items[b].hash[:], sel.items[a].hash[:]) < 0 {
			a, b = b, a
		}
		sel.items[b].family = a
	}
	for k := range keyNames {
		if err := sel.keys.eachShared(k, join); err != nil {
			return err
		}
	}
	find := sel.finder()
	for _, class := range groups {
		first := map[uuid.UUID]int32{}
		for after := uuid.Nil; ; {
			rows, err := db.New(s.cfg.DB).ReleaseGroupMembers(ctx, db.ReleaseGroupMembersParams{DatasetID: s.cfg.Dataset, Class: class, After: after, MaxRows: chunk})
			if err != nil {
				return fmt.Errorf("read duplicates: %w", err)
			}
			for _, r := range rows {
				after = r.ExampleID
				i, ok := find(r.ExampleID)
				if !ok {
					continue
				}
				if f, ok := first[r.GroupID]; ok {
					join(f, i)
				} else {
					first[r.GroupID] = i
				}
			}
			if len(rows) < chunk {
				break
			}
		}
	}
	for i := range sel.items {
		sel.items[i].family = root(int32(i))
	}
	return nil
}

// inOrderOfIDs are the indexes of the items in the order of their ids. They hold as
// long as the items stay in their order.
func (sel *selection) inOrderOfIDs() []int32 {
	if sel.byID == nil {
		sel.byID = make([]int32, len(sel.items))
		for i := range sel.byID {
			sel.byID[i] = int32(i)
		}
		slices.SortFunc(sel.byID, func(a, b int32) int { return bytes.Compare(sel.items[a].id[:], sel.items[b].id[:]) })
	}
	return sel.byID
}

// finder returns a function that finds items by id, as long as they stay in their
// order.
func (sel *selection) finder() func(uuid.UUID) (int32, bool) {
	order := sel.inOrderOfIDs()
	return func(id uuid.UUID) (int32, bool) {
		at, ok := slices.BinarySearchFunc(order, id, func(i int32, id uuid.UUID) int { return bytes.Compare(sel.items[i].id[:], id[:]) })
		if !ok {
			return 0, false
		}
		return order[at], true
	}
}
