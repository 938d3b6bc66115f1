package acceptance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// A BatchKind says what sort of thing is judged as a whole.
type BatchKind string

// The kinds of batches.
const (
	Import   BatchKind = "import"   // Key is its id
	Source   BatchKind = "source"   // an imported file, whenever it was imported; Key is its id
	Category BatchKind = "category" // Key is its slug, or slug/subcategory
	Metadata BatchKind = "metadata" // what rows said about themselves, such as their generator: Key is field=value
)

// A Scope says which examples of a batch can be drawn.
type Scope string

// The scopes.
const (
	Waiting Scope = "pending" // those that wait for a decision
	All     Scope = "all"     // all, whatever was decided on them
	// Approved are those that are approved: an audit. What counts is what others than
	// their approvers say of them anew, one by one.
	Approved Scope = "approved"
)

// A Batch is what is judged as a whole.
type Batch struct {
	Kind  BatchKind
	Key   string
	Scope Scope
}

// member is an example of a batch. in says that it could be drawn.
type member struct {
	id       uuid.UUID
	revision int32
	in       bool
}

// frame is a batch in the order of ids, by import.
type frame []member

const (
	frameStep    = 20_000 // examples read at a time
	metadataStep = 2_000  // rows with their metadata
)

// frame reads a batch as it is now.
func (s *Service) frame(ctx context.Context, b Batch) (frame, error) {
	return s.members(ctx, b, uuid.Max)
}

// members reads the examples of a batch with ids up to last.
func (s *Service) members(ctx context.Context, b Batch, last uuid.UUID) (frame, error) {
	if len(b.Key) > maxKeyBytes || strings.ContainsRune(b.Key, 0) {
		return nil, noBatch()
	}
	if b.Scope != Waiting && b.Scope != All && b.Scope != Approved {
		return nil, fault.Fields("There is no such sample.", map[string]string{"scope": "Choose what waits, what is approved, or everything."})
	}
	var f frame
	add := func(id uuid.UUID, revision int32, status db.ExampleStatus) {
		f = append(f, member{id, revision, b.Scope == All || string(status) == string(b.Scope)})
	}
	q := db.New(s.db)
	var err error
	switch b.Kind {
	case Import:
		err = s.walkImport(ctx, b.Key, last, add)
	case Source:
		err = s.walkSource(ctx, b.Key, last, add)
	case Category:
		category, subcategory, _ := strings.Cut(b.Key, "/")
		err = walk(func(after uuid.UUID) (uuid.UUID, int, error) {
			rows, err := q.BatchOfCategory(ctx, db.BatchOfCategoryParams{
				DatasetID: s.dataset, Category: category, Subcategory: subcategory, After: after, Last: last, MaxRows: frameStep,
			})
			for _, r := range rows {
				add(r.ID, r.Revision, r.Status)
				after = r.ID
			}
			return after, len(rows) - frameStep, err
		})
	case Metadata:
		err = s.walkMetadata(ctx, b.Key, last, add)
	default:
		return nil, noBatch()
	}
	if err != nil {
		return nil, fmt.Errorf("read the batch: %w", err)
	}
	return f, nil
}

func noBatch() error {
	return fault.Fields("There is no such batch.", map[string]string{"batch": "Choose what is to be sampled."})
}

// walk calls step from one place to the next until it says that fewer came than
// were asked for.
func walk(step func(after uuid.UUID) (next uuid.UUID, missing int, err error)) error {
	for after := uuid.Nil; ; {
		next, missing, err := step(after)
		if err != nil {
			return err
		}
		if missing < 0 {
			return nil
		}
		after = next
	}
}

func (s *Service) walkImport(ctx context.Context, key string, last uuid.UUID, add func(uuid.UUID, int32, db.ExampleStatus)) error {
	id, err := uuid.Parse(key)
	if err != nil {
		return noBatch()
	}
	return walk(func(after uuid.UUID) (uuid.UUID, int, error) {
		rows, err := db.New(s.db).BatchOfImport(ctx, db.BatchOfImportParams{DatasetID: s.dataset, ImportID: id, After: after, Last: last, MaxRows: frameStep})
		for _, r := range rows {
			add(r.ID, r.Revision, r.Status)
			after = r.ID
		}
		return after, len(rows) - frameStep, err
	})
}

func (s *Service) walkSource(ctx context.Context, key string, last uuid.UUID, add func(uuid.UUID, int32, db.ExampleStatus)) error {
	id, err := uuid.Parse(key)
	if err != nil {
		return noBatch()
	}
	imports, err := db.New(s.db).ImportsOfSource(ctx, s.dataset, id)
	if err != nil {
		return err
	}
	for _, i := range imports {
		if err := s.walkImport(ctx, i.ID.String(), last, add); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) walkMetadata(ctx context.Context, key string, last uuid.UUID, add func(uuid.UUID, int32, db.ExampleStatus)) error {
	field, value, ok := strings.Cut(key, "=")
	if !ok || field == "" || value == "" {
		return fault.Fields("There is no such batch.", map[string]string{"batch": "Name a field and its value, such as processor_used=core."})
	}
	piece, err := json.Marshal(field)
	if err != nil {
		return fmt.Errorf("encode the field: %w", err)
	}
	return walk(func(after uuid.UUID) (uuid.UUID, int, error) {
		rows, err := db.New(s.db).BatchOfMetadata(ctx, db.BatchOfMetadataParams{DatasetID: s.dataset, Piece: string(piece), After: after, Last: last, MaxRows: metadataStep})
		for _, r := range rows {
			if says(r.Metadata, field, value) {
				add(r.ID, r.Revision, r.Status)
			}
			after = r.ID
		}
		return after, len(rows) - metadataStep, err
	})
}

// says reports whether metadata has the field with the value, as text.
func says(metadata, field, value string) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(metadata), &fields) != nil {
		return false
	}
	raw, ok := fields[field]
	if !ok {
		return false
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw) // a number or a truth value, as spelled
	}
	return text == value
}

// size is how many could be drawn.
func (f frame) size() int {
	n := 0
	for _, m := range f {
		if m.in {
			n++
		}
	}
	return n
}

// last is the highest id of the batch.
func (f frame) last() uuid.UUID {
	last := uuid.Nil
	for _, m := range f {
		if bytes.Compare(m.id[:], last[:]) > 0 {
			last = m.id
		}
	}
	return last
}

// hash is the SHA-256 of the ids that could be drawn, in the order of the batch.
func (f frame) hash() []byte {
	h := sha256.New()
	for _, m := range f {
		if m.in {
			_, _ = h.Write(m.id[:]) // never fails
		}
	}
	return h.Sum(nil)
}

// pack is one bit for each member, whether it could be drawn, compressed.
func (f frame) pack() ([]byte, error) {
	bits := make([]byte, (len(f)+7)/8)
	for i, m := range f {
		if m.in {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err != nil {
		return nil, fmt.Errorf("compress the frame: %w", err)
	}
	if _, err := w.Write(bits); err != nil {
		return nil, fmt.Errorf("compress the frame: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress the frame: %w", err)
	}
	return out.Bytes(), nil
}

// unpack marks those members that could be drawn then.
func (f frame) unpack(packed []byte) error {
	r, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("decompress the frame: %w", err)
	}
	defer r.Close()
	bits, err := io.ReadAll(io.LimitReader(r, int64(len(f)/8+2)))
	if err != nil {
		return fmt.Errorf("decompress the frame: %w", err)
	}
	if len(bits) != (len(f)+7)/8 {
		return errChanged
	}
	for i := range f {
		f[i].in = bits[i/8]&(1<<(i%8)) != 0
	}
	return nil
}

// errChanged says that a batch is not the one that was sampled.
var errChanged = errors.New("the batch has other examples than when it was sampled")

// draw picks n of those that could be drawn: the n smallest by the first eight bytes
// of SHA-256(seed, id), the seed in eight bytes with the most significant first, ties
// by id. Whoever has the seed and the ids gets the same.
func (f frame) draw(seed int64, n int) []member {
	type ticket struct {
		rank uint64
		member
	}
	var buf [24]byte
	binary.BigEndian.PutUint64(buf[:], uint64(seed))
	tickets := make([]ticket, 0, len(f))
	for _, m := range f {
		if m.in {
			copy(buf[8:], m.id[:])
			sum := sha256.Sum256(buf[:])
			tickets = append(tickets, ticket{binary.BigEndian.Uint64(sum[:]), m})
		}
	}
	slices.SortFunc(tickets, func(a, b ticket) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), bytes.Compare(a.id[:], b.id[:]))
	})
	items := make([]member, min(n, len(tickets)))
	for i := range items {
		items[i] = tickets[i].member
	}
	return items
}

// maxSeed keeps seeds short enough to be read aloud.
const maxSeed = 1_000_000_000

func newSeed() (int64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("make a seed: %w", err)
	}
	return 1 + int64(binary.BigEndian.Uint64(b[:])%maxSeed), nil
}

// A Check is what drawing a sample again came to.
type Check struct {
	Same bool
	Why  string // what is different, in a sentence
}

// Verify draws a sample again from the same batch and seed and compares.
func (s *Service) Verify(ctx context.Context, id uuid.UUID) (Check, error) {
	q := db.New(s.db)
	row, err := q.SampleByID(ctx, s.dataset, id)
	sample, err := found(id, row, err)
	if err != nil {
		return Check{}, err
	}
	f, err := s.members(ctx, sample.Batch, row.FrameLast)
	if err != nil {
		return Check{}, fmt.Errorf("verify sample %s: %w", id, err)
	}
	if err := f.unpack(row.Frame); errors.Is(err, errChanged) {
		return Check{Why: "The batch does not hold the same examples any more: some went, or moved to another category."}, nil
	} else if err != nil {
		return Check{}, fmt.Errorf("verify sample %s: %w", id, err)
	}
	if !bytes.Equal(f.hash(), sample.FrameHash) {
		return Check{Why: "The batch does not hold the same examples any more: some went, or moved to another category."}, nil
	}
	items, err := q.SampleItems(ctx, db.SampleItemsParams{DatasetID: s.dataset, SampleID: id, Upto: MaxItems, MaxRows: MaxItems})
	if err != nil {
		return Check{}, fmt.Errorf("verify sample %s: %w", id, err)
	}
	again := f.draw(sample.Seed, sample.N)
	if len(again) != len(items) || slices.ContainsFunc(items, func(i db.SampleItemsRow) bool { return again[i.Ordinal-1].id != i.ExampleID }) {
		return Check{Why: "Drawing again with the same seed gives other examples. The sample was changed after it was drawn."}, nil
	}
	return Check{Same: true}, nil
}

// A Choice is a batch that can be sampled.
type Choice struct {
	Batch Batch
	Name  string
	Size  int64
}

// Imports lists imports that brought something, newest first.
func (s *Service) Imports(ctx context.Context, limit int) ([]Choice, error) {
	rows, err := db.New(s.db).BatchImports(ctx, s.dataset, int32(min(limit, MaxLimit)))
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	out := make([]Choice, len(rows))
	for i, r := range rows {
		out[i] = Choice{Batch: Batch{Kind: Import, Key: r.ID.String()}, Name: r.Filename, Size: r.Inserted}
	}
	return out, nil
}

// Name is what people call a batch: a file's name, or its key.
func (s *Service) Name(ctx context.Context, b Batch) (string, error) {
	id, err := uuid.Parse(b.Key)
	if err != nil {
		return b.Key, nil
	}
	name := ""
	switch b.Kind {
	case Import:
		var row db.BatchImportRow
		row, err = db.New(s.db).BatchImport(ctx, s.dataset, id)
		name = row.Filename
	case Source:
		name, err = db.New(s.db).BatchSource(ctx, s.dataset, id)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return "", noBatch()
	}
	if err != nil {
		return "", fmt.Errorf("name of %s %s: %w", b.Kind, b.Key, err)
	}
	return name, nil
}

// Size is how many examples of a batch could be drawn now, as far as that can be
// said without reading it; false where it can't.
func (s *Service) Size(ctx context.Context, b Batch) (int, bool, error) {
	n, known, err := s.sizeOf(ctx, b)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, noBatch()
	}
	if err != nil {
		return 0, false, fmt.Errorf("size of %s %s: %w", b.Kind, b.Key, err)
	}
	return int(n), known, nil
}

func (s *Service) sizeOf(ctx context.Context, b Batch) (int64, bool, error) {
	q := db.New(s.db)
	switch b.Kind {
	case Import:
		id, err := uuid.Parse(b.Key)
		if err != nil {
			return 0, false, noBatch()
		}
		if b.Scope != All {
			n, err := q.StandingOfImport(ctx, s.dataset, id, db.ExampleStatus(b.Scope))
			return n, true, err
		}
		row, err := q.BatchImport(ctx, s.dataset, id)
		return row.Inserted, true, err
	case Category:
		category, subcategory, _ := strings.Cut(b.Key, "/")
		rows, err := q.ShelfSizes(ctx, s.dataset, category, subcategory)
		if err != nil || len(rows) == 0 {
			return 0, true, err
		}
		switch b.Scope {
		case Waiting:
			return rows[0].Pending, true, nil
		case Approved:
			return rows[0].Approved, true, nil
		}
		return rows[0].Total, true, nil
	}
	return 0, false, nil
}
