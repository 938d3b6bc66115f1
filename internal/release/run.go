package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// ErrBusy is returned by Run while another worker has the release.
var ErrBusy = errors.New("another worker has the release")

// errLost says that another worker took over.
var errLost = errors.New("the release was taken over by another worker")

// beat is how often a worker shows that it lives; one that was silent for 30
// seconds is taken for dead.
const beat = 5 * time.Second

// A run is one worker at one release.
type run struct {
	s      *Service
	worker uuid.UUID
	id     uuid.UUID

	mu          sync.Mutex
	step        string
	done, total int64
}

// Run freezes and builds a release, or goes on where a dead worker left it. It
// returns nil when there is nothing more to do: the release is built, held, or
// over. A failure of ours is noted in the release and returned.
func (s *Service) Run(ctx context.Context, id uuid.UUID) error {
	worker, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("run release %s: %w", id, err)
	}
	n, err := db.New(s.cfg.DB).TakeRelease(ctx, &worker, s.cfg.Dataset, id)
	if err != nil {
		return fmt.Errorf("run release %s: take it: %w", id, err)
	}
	if n == 0 {
		rel, err := s.Get(ctx, id)
		if err == nil && rel.Open() {
			err = ErrBusy
		}
		return err
	}
	w := &run{s: s, worker: worker, id: id}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopped := make(chan struct{})
	go w.live(ctx, cancel, stopped)
	err = w.all(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errLost) {
		err = cause
	}
	interrupted := ctx.Err() != nil
	cancel(nil)
	<-stopped
	if err == nil || errors.Is(err, errLost) {
		return err
	}
	w.fail(context.WithoutCancel(ctx), err, interrupted)
	return fmt.Errorf("run release %s: %w", id, err)
}

// live keeps the release's heartbeat going.
func (w *run) live(ctx context.Context, cancel context.CancelCauseFunc, stopped chan<- struct{}) {
	defer close(stopped)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.beat(ctx); errors.Is(err, errLost) {
				cancel(errLost)
				return
			} else if err != nil && ctx.Err() == nil {
				w.s.cfg.Log.WarnContext(ctx, "a release can't show that it lives", slog.Any("error", err))
			}
		}
	}
}

func (w *run) beat(ctx context.Context) error {
	w.mu.Lock()
	p := db.MoveReleaseParams{Step: w.step, Done: w.done, Total: w.total, DatasetID: w.s.cfg.Dataset, ID: w.id, Worker: &w.worker}
	w.mu.Unlock()
	n, err := db.New(w.s.cfg.DB).MoveRelease(ctx, p)
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

// at begins a step; it is shown at once.
func (w *run) at(ctx context.Context, step string, total int) error {
	w.mu.Lock()
	w.step, w.done, w.total = step, 0, int64(total)
	w.mu.Unlock()
	return w.beat(ctx)
}

// count notes how much of the step is done; the next heartbeat shows it.
func (w *run) count(done int) error {
	w.mu.Lock()
	w.done = int64(done)
	w.mu.Unlock()
	return nil
}

// fail gives the release back: to the next worker where this one was told to
// stop, else to people.
func (w *run) fail(ctx context.Context, err error, interrupted bool) {
	rel, readErr := w.s.Get(ctx, w.id)
	if readErr != nil {
		w.s.cfg.Log.ErrorContext(ctx, "a release failed and can't be marked", slog.Any("error", readErr))
		return
	}
	state, text := string(Failed), "Something went wrong on our side. Try again; the log says more."
	if f, ok := fault.As(err); ok {
		text = f.Msg
	}
	if interrupted {
		state, text = string(rel.State), ""
	}
	if err := db.New(w.s.cfg.DB).FailRelease(ctx, db.FailReleaseParams{State: state, Error: text, DatasetID: w.s.cfg.Dataset, ID: w.id, Worker: &w.worker}); err != nil {
		w.s.cfg.Log.ErrorContext(ctx, "a release failed and can't be marked", slog.Any("error", err))
	}
}

func (w *run) all(ctx context.Context) error {
	rel, err := w.s.Get(ctx, w.id)
	if err != nil {
		return err
	}
	if rel.FrozenAt == nil {
		held, err := w.freeze(ctx, rel)
		if err != nil || held {
			return err
		}
		if rel, err = w.s.Get(ctx, w.id); err != nil {
			return err
		}
		// What was dealt out is frozen in the database and goes: of a million rows some
		// 100 MB, beside which files and reports would be written otherwise.
		debug.FreeOSMemory()
	}
	return w.build(ctx, rel)
}

// weighed is a selection with what the preflight says of it.
type weighed struct {
	*selection
	lines   []Line
	version int // of the catalog
}

// weigh chooses the rows, deals them out and holds them against the preflight.
// each is called with every chunk of items in their final order and with what was
// said of them; nil: nobody needs it.
func (s *Service) weigh(ctx context.Context, spec Spec, at func(ctx context.Context, step string, total int) error, count func(int) error,
	each func(sel *selection, from int, items []item, all map[uuid.UUID]*said) error,
) (*weighed, error) {
	c, version, err := s.cfg.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	if spec, err = spec.normal(c); err != nil {
		return nil, err
	}
	if err := at(ctx, "choosing examples", 0); err != nil {
		return nil, err
	}
	sel, err := s.choose(ctx, spec, c)
	if err != nil {
		return nil, err
	}
	sel.trim()
	lines, err := s.weighChosen(ctx, sel, at, count, each)
	if err != nil {
		return nil, err
	}
	return &weighed{sel, lines, version}, nil
}

// weighChosen deals the chosen rows out and holds them against the preflight.
func (s *Service) weighChosen(ctx context.Context, sel *selection, at func(ctx context.Context, step string, total int) error, count func(int) error,
	each func(sel *selection, from int, items []item, all map[uuid.UUID]*said) error,
) (_ []Line, err error) {
	if err := at(ctx, "reading what they say", len(sel.items)); err != nil {
		return nil, err
	}
	if err := s.readSamples(ctx, sel); err != nil {
		return nil, err
	}
	keys := &spill{}
	sel.keys = keys
	defer func() { err = errors.Join(err, keys.close()) }()
	if err := s.eachText(ctx, sel, count, sel.readTexts); err != nil {
		return nil, err
	}
	if err := at(ctx, "dealing out splits", len(sel.items)); err != nil {
		return nil, err
	}
	if err := s.tie(ctx, sel); err != nil {
		return nil, err
	}
	sel.deal()
	first, leaks, err := s.leaks(ctx, sel)
	if err != nil {
		return nil, err
	}
	labels, err := s.labels(ctx, sel)
	if err != nil {
		return nil, err
	}
	// Families and keys are known by index until here; from here on items are in
	// their final order: by split, then shelf, then id.
	sel.keys, sel.byID = nil, nil
	sel.bySplit()
	if err := at(ctx, "reading what people and checks said", len(sel.items)); err != nil {
		return nil, err
	}
	var ev evidence
	err = s.eachSaid(ctx, sel.items, each != nil, func(from int, part []item, all map[uuid.UUID]*said) error {
		for i := range part {
			sel.judge(&ev, &part[i], all[part[i].id])
		}
		if each != nil {
			if err := each(sel, from, part, all); err != nil {
				return err
			}
		}
		return count(from)
	})
	if err != nil {
		return nil, err
	}
	return sel.preflight(ev, first, leaks, labels), nil
}

// freeze fixes the rows of a release for ever, or holds it where red lines do.
func (w *run) freeze(ctx context.Context, rel Release) (held bool, err error) {
	s := w.s
	if s.cfg.Scan != nil {
		if err := w.at(ctx, "looking for duplicates", 0); err != nil {
			return false, err
		}
		if err := s.cfg.Scan(ctx); err != nil {
			return false, fmt.Errorf("look for duplicates: %w", err)
		}
	}
	lineage, err := newKeeper()
	if err != nil {
		return false, err
	}
	defer lineage.close()
	sel, err := s.weigh(ctx, rel.Spec, w.at, w.count, func(sel *selection, from int, items []item, all map[uuid.UUID]*said) error {
		return lineage.add(func(b *bytes.Buffer) error { return sel.writeLineage(b, from, items, all) })
	})
	if err != nil {
		return false, err
	}
	lines, err := json.Marshal(sel.lines)
	if err != nil {
		return false, fmt.Errorf("encode preflight: %w", err)
	}
	shape, err := json.Marshal(sel.shape())
	if err != nil {
		return false, fmt.Errorf("encode shape: %w", err)
	}
	tokens, demo, under := int64(0), false, map[string]int64{}
	for i := range sel.items {
		src := &sel.sources[sel.items[i].source]
		tokens += int64(sel.items[i].tokens)
		demo = demo || src.demo
		under[src.licence]++
	}
	licences, err := json.Marshal(append([]export.Licence{}, export.Licences(under)...))
	if err != nil {
		return false, fmt.Errorf("encode licences: %w", err)
	}
	red := Holding(sel.lines)
	if len(red) > 0 && rel.Override.Reason == "" {
		return true, postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
			n, err := db.New(tx).HoldRelease(ctx, db.HoldReleaseParams{
				Preflight: string(lines), Items: int64(len(sel.items)), Tokens: tokens, Shape: string(shape), DatasetID: s.cfg.Dataset, ID: w.id, Worker: &w.worker,
			})
			if err != nil {
				return err
			}
			if n == 0 {
				return errLost
			}
			return s.tell(ctx, tx, rel, fmt.Sprintf("Red lines hold the release %s: %d of its preflight.", rel.Name, len(red)))
		})
	}
	if len(sel.items) == 0 {
		return false, fault.New(fault.Conflict, "No approved example fits this release. Approve some, or widen the filters.")
	}
	if err := w.at(ctx, "freezing rows", len(sel.items)); err != nil {
		return false, err
	}
	rules := ""
	if s.cfg.Rules != nil {
		rules = s.cfg.Rules(sel.catalog)
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"release_items"}, []string{"dataset_id", "release_id", "position", "example_id", "revision", "split"},
			pgx.CopyFromSlice(len(sel.items), func(i int) ([]any, error) {
				it := &sel.items[i]
				return []any{s.cfg.Dataset, w.id, int32(i + 1), it.id, it.revision, sel.spec.Splits[it.split].Name}, nil
			}))
		if err != nil {
			return fmt.Errorf("store items: %w", err)
		}
		if err := s.keep(ctx, tx, w.id, lineageName, int64(len(sel.items)), lineage); err != nil {
			return err
		}
		n, err := db.New(tx).FreezeRelease(ctx, db.FreezeReleaseParams{
			Preflight: string(lines), Items: int64(len(sel.items)), Tokens: tokens, Shape: string(shape), Licences: string(licences), CatalogVersion: int32(sel.version),
			RulesVersion: rules, Demo: demo, DatasetID: s.cfg.Dataset, ID: w.id, Worker: &w.worker,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return errLost
		}
		return audit.Write(ctx, tx, audit.Entry{
			Dataset: s.cfg.Dataset, Actor: audit.Actor{Name: rel.Author}, Action: "release.frozen", Object: "release/" + w.id.String(),
			Detail: map[string]any{"name": rel.Name, "items": len(sel.items), "red": keysOfLines(red), "override": rel.Override.Reason},
		})
	})
	if err != nil {
		return false, fmt.Errorf("freeze: %w", err)
	}
	return false, nil
}

func keysOfLines(lines []Line) []string {
	keys := []string{}
	for _, l := range lines {
		keys = append(keys, l.Key)
	}
	return keys
}

// A keeper collects bytes that are to be kept in the database: compressed piece by
// piece into a temporary file, with the size and hash of the whole. close throws
// the file away.
type keeper struct {
	enc    *zstd.Encoder
	file   *os.File
	pieces []int // their lengths
	bytes  int64
	sum    hash.Hash
	buf    bytes.Buffer
	packed []byte
}

func newKeeper() (*keeper, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	f, err := os.CreateTemp("", "spotter-release-*")
	if err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	return &keeper{enc: enc, file: f, sum: sha256.New()}, nil
}

func (k *keeper) close() {
	_ = k.enc.Close()            // it has no stream
	_ = k.file.Close()           // it is thrown away
	_ = os.Remove(k.file.Name()) // it lies among the system's temporary files
}

// add appends what write writes, as one piece.
func (k *keeper) add(write func(b *bytes.Buffer) error) error {
	k.buf.Reset()
	if err := write(&k.buf); err != nil {
		return err
	}
	if k.buf.Len() == 0 {
		return nil
	}
	_, _ = k.sum.Write(k.buf.Bytes()) // a hash never fails
	k.bytes += int64(k.buf.Len())
	k.packed = k.enc.EncodeAll(k.buf.Bytes(), k.packed[:0])
	if _, err := k.file.Write(k.packed); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	k.pieces = append(k.pieces, len(k.packed))
	return nil
}

// keep stores a file's bytes in the database and notes the file.
func (s *Service) keep(ctx context.Context, tx pgx.Tx, release uuid.UUID, name string, rows int64, k *keeper) error {
	q := db.New(tx)
	if _, err := k.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	for i, n := range k.pieces {
		piece := make([]byte, n)
		if _, err := io.ReadFull(k.file, piece); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
		if err := q.InsertReleaseKept(ctx, db.InsertReleaseKeptParams{DatasetID: s.cfg.Dataset, ReleaseID: release, Name: name, Ordinal: int32(i + 1), Data: piece}); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
	}
	if err := q.InsertReleaseFile(ctx, db.InsertReleaseFileParams{
		DatasetID: s.cfg.Dataset, ReleaseID: release, Name: name, Bytes: k.bytes, SHA256: k.sum.Sum(nil), Rows: rows, Kept: true,
	}); err != nil {
		return fmt.Errorf("note %s: %w", name, err)
	}
	return nil
}

// lineageName is the file that says where every row came from.
const lineageName = "provenance.jsonl"

// Lineage is one line of provenance.jsonl.
type Lineage struct {
	Position    int               `json:"position"`       // in the release, from 1
	Line        int               `json:"line,omitempty"` // in the merged file, from 1; none: the messages form can't say the row
	Split       string            `json:"split"`
	Example     uuid.UUID         `json:"example"`
	Revision    int32             `json:"revision"`
	Content     string            `json:"content_sha256"` // of the canonical messages and tools of this revision
	Category    string            `json:"category"`
	Subcategory string            `json:"subcategory"`
	Tokens      int32             `json:"tokens"`
	Source      LineageSource     `json:"source"`
	Generator   string            `json:"generator,omitempty"`
	Licence     string            `json:"licence"`
	Decisions   []LineageDecision `json:"decisions"`
	Findings    []LineageFinding  `json:"findings"`
	Waivers     []LineageWaiver   `json:"waivers"`
}

// LineageSource says which line of which file a row came from, and who brought
// the file.
type LineageSource struct {
	ID       uuid.UUID `json:"id"`
	Name     string    `json:"name"`
	SHA256   string    `json:"sha256"`
	Line     int64     `json:"line"`
	Channel  string    `json:"channel"`
	Importer string    `json:"importer"`
}

// LineageDecision is a decision on the row's example, in the order in which they were
// made. One that was taken back has Undone set; what took it back has the verdict undo.
type LineageDecision struct {
	ID             uuid.UUID `json:"id"`
	Reviewer       string    `json:"reviewer"`
	Verdict        string    `json:"verdict"`
	Kind           string    `json:"kind"`
	Revision       int32     `json:"revision"`
	NewRevision    int32     `json:"new_revision,omitempty"`
	Reason         string    `json:"reason,omitempty"`
	OverrideReason string    `json:"override_reason,omitempty"`
	Checklist      []string  `json:"checklist,omitempty"`
	Undone         bool      `json:"undone,omitempty"`
	At             time.Time `json:"at"`
}

// LineageFinding is what a check says of the released revision.
type LineageFinding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Path     string `json:"path"`
	Message  string `json:"message"`
	Waived   bool   `json:"waived"`
}

// LineageWaiver says who silenced a finding of the released revision, and why.
type LineageWaiver struct {
	Rule   string    `json:"rule"`
	Path   string    `json:"path"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// writeLineage writes the lines of some items; those before them are written.
func (sel *selection) writeLineage(b *bytes.Buffer, from int, items []item, all map[uuid.UUID]*said) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for i := range items {
		it := &items[i]
		src, sh := sel.sources[it.source], sel.shelves[it.shelf]
		line := 0
		if it.flags&flagAbsent == 0 {
			sel.written++
			line = sel.written
		}
		l := Lineage{
			Position: from + i + 1, Line: line, Split: sel.spec.Splits[it.split].Name, Example: it.id, Revision: it.revision, Content: hex.EncodeToString(all[it.id].content),
			Category: sh.category, Subcategory: sh.subcategory, Tokens: it.tokens,
			Source:    LineageSource{src.id, src.name, hex.EncodeToString(src.sha256), all[it.id].line, src.channel, src.importer},
			Generator: sel.makers[it.maker], Licence: src.licence,
			Decisions: []LineageDecision{}, Findings: []LineageFinding{}, Waivers: []LineageWaiver{},
		}
		s := all[it.id]
		for _, d := range s.decisions {
			var list []string
			if err := json.Unmarshal([]byte(d.Checklist), &list); err != nil {
				return fmt.Errorf("read the checklist of decision %s: %w", d.ID, err)
			}
			l.Decisions = append(l.Decisions, LineageDecision{
				d.ID, d.Reviewer, d.Verdict, d.Kind, d.Revision, d.NewRevision, d.Reason, d.OverrideReason, list, d.Undone, d.CreatedAt.UTC(),
			})
		}
		for _, f := range s.findings {
			l.Findings = append(l.Findings, LineageFinding{f.Rule, string(f.Severity), f.Path, f.Message, f.Waived})
		}
		for _, w := range s.waivers {
			l.Waivers = append(l.Waivers, LineageWaiver{w.Rule, w.Path, w.Reason, w.Author, w.CreatedAt.UTC()})
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write the lineage of %s: %w", it.id, err)
		}
	}
	return nil
}
