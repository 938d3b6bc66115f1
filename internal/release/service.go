package release

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/report"
)

// DB is what the service needs of the pool.
type DB interface {
	BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error)
	postgres.Beginner
	db.DBTX
}

// Config is what New needs. DB, Dataset, Catalog, Export, Dir and Log are
// required.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	// Catalog returns the catalog in force and its version.
	Catalog func(ctx context.Context) (*catalog.Catalog, int, error)
	// CatalogAt returns an earlier version of it; nil: reports read the one in force.
	CatalogAt func(ctx context.Context, version int) (*catalog.Catalog, error)
	// Rules names the checks that a catalog puts in force.
	Rules  func(*catalog.Catalog) string
	Export *export.Service
	// Scan looks for duplicates among what nobody has looked at yet.
	Scan func(ctx context.Context) error
	// Report writes the reports of a release; nil: it has none.
	Report *report.Service
	// Dir is where the files of releases are built, each release in a directory of
	// its own. What is missing there is made again.
	Dir string
	// Key signs manifests; nil: they are not signed.
	Key ed25519.PrivateKey
	// Software and Schema name the program and the version of the database schema.
	Software string
	Schema   int64
	// Enqueue has a worker run the release once tx is committed; nil: the caller
	// runs it.
	Enqueue func(ctx context.Context, tx pgx.Tx, id uuid.UUID) error
	Log     *slog.Logger
}

// Service makes releases of one dataset. It is safe for concurrent use, also by
// several processes on one database and one directory.
type Service struct {
	cfg     Config
	mu      sync.Mutex // one goroutine at a time makes missing files again
	packing sync.Mutex // one goroutine at a time compresses
}

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// A State says how far a release is.
type State string

// The states of a release.
const (
	Draft     State = "draft"     // asked for; its rows are being chosen
	Held      State = "held"      // red lines of the preflight hold it
	Frozen    State = "frozen"    // its rows are fixed; its files are being built
	Built     State = "built"     // its files are there
	Failed    State = "failed"    // something went wrong, see Error; it can be tried again
	Discarded State = "discarded" // given up before it was frozen
)

// A Release is one release.
type Release struct {
	ID             uuid.UUID
	Name           string
	Notes          string
	Supersedes     *uuid.UUID
	Spec           Spec
	State          State
	Preflight      []Line
	Override       Override
	Items          int64
	Tokens         int64
	Shape          []Part
	Licences       []export.Licence // of the rows' sources; none: nobody stated any
	CatalogVersion int
	RulesVersion   string
	Demo           bool // holds demo examples
	Step           string
	Done, Total    int64 // of the step
	Stalled        bool  // nothing was heard of its worker for 30 seconds
	Error          string
	Author         string
	AuthorID       *uuid.UUID // nil: nobody who is a user
	CreatedAt      time.Time
	FrozenAt       *time.Time
	BuiltAt        *time.Time
	Withdrawn      *Withdrawal
}

// An Override is a lead's word that red lines do not hold a release; the zero
// value is none.
type Override struct {
	Reason string
	By     string
}

// A Withdrawal says that nobody should train on a release any more.
type Withdrawal struct {
	At     time.Time
	By     string
	Reason string
}

// Open says whether a worker has still to do something.
func (r Release) Open() bool { return r.State == Draft || r.State == Frozen }

// Splits is the number of rows by split, in the order of the files.
func (r Release) Splits() []Part {
	var out []Part
	for _, p := range r.Shape {
		if n := len(out); n > 0 && out[n-1].Split == p.Split {
			out[n-1].Rows += p.Rows
			out[n-1].Tokens += p.Tokens
			continue
		}
		out = append(out, Part{Split: p.Split, Rows: p.Rows, Tokens: p.Tokens})
	}
	return out
}

// rows is the range of positions that a split has; empty is the whole release.
func (r Release) rows(split string) (export.Rows, bool) {
	at := export.Rows{Release: r.ID}
	if split == "" {
		at.To = r.Items
		return at, true
	}
	for _, p := range r.Splits() {
		if p.Split == split {
			at.To = at.After + p.Rows
			return at, true
		}
		at.After += p.Rows
	}
	for _, s := range r.Spec.Splits {
		if s.Name == split {
			return export.Rows{Release: r.ID}, true // it got no row
		}
	}
	return at, false
}

// An Order is what somebody asks for.
type Order struct {
	Name       string
	Notes      string
	Supersedes string // name or id of the release that this one replaces
	Spec       Spec
	By         audit.Actor
	// Override lets red lines pass; the caller has made sure that By may say so.
	Override string
}

// Create makes a draft and has a worker choose its rows, hold them against the
// preflight and build the files. It fails with fault.Invalid for an order that
// makes no sense and with fault.Conflict where the name is taken.
func (s *Service) Create(ctx context.Context, o Order) (Release, error) {
	c, _, err := s.cfg.Catalog(ctx)
	if err != nil {
		return Release{}, fmt.Errorf("create release: %w", err)
	}
	o.Name = strings.TrimSpace(o.Name)
	spec, err := o.Spec.normal(c)
	problems := map[string]string{}
	if f, ok := fault.As(err); ok {
		problems = f.Fields
	} else if err != nil {
		return Release{}, err
	}
	if p := checkName(o.Name); p != "" {
		problems["name"] = p
	}
	if len(o.Notes) > maxNotesBytes {
		problems["notes"] = fmt.Sprintf("Use at most %d bytes.", maxNotesBytes)
	}
	var supersedes *uuid.UUID
	if o.Supersedes != "" {
		older, err := s.Find(ctx, o.Supersedes)
		switch {
		case errors.Is(err, fault.NotFound):
			problems["supersedes"] = "There is no release " + o.Supersedes + "."
		case err != nil:
			return Release{}, err
		default:
			supersedes = &older.ID
		}
	}
	if len(problems) > 0 {
		return Release{}, fault.Fields("The release can't be made like this.", problems)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Release{}, fmt.Errorf("create release: %w", err)
	}
	encoded, err := spec.encode()
	if err != nil {
		return Release{}, fmt.Errorf("create release: %w", err)
	}
	err = postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		in := db.InsertReleaseParams{
			DatasetID: s.cfg.Dataset, ID: id, Name: o.Name, Notes: strings.TrimSpace(o.Notes), Supersedes: supersedes, Spec: encoded,
			CreatedBy: person(o.By), Author: o.By.Name,
		}
		if o.Override = strings.TrimSpace(o.Override); o.Override != "" {
			in.OverrideReason, in.OverrideBy, in.OverrideAuthor = o.Override, person(o.By), o.By.Name
		}
		if err := db.New(tx).InsertRelease(ctx, in); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{
			Dataset: s.cfg.Dataset, Actor: o.By, Action: "release.created", Object: "release/" + id.String(),
			Detail: map[string]any{"name": o.Name, "spec": json.RawMessage(encoded), "override": o.Override},
		}); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id)
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName == "releases_name_key" {
		return Release{}, &fault.Error{
			Kind: fault.Conflict, Msg: fmt.Sprintf("There is a release called %q. Choose another name: a release is never overwritten.", o.Name),
			Fields: map[string]string{"name": "This name is taken."}, Err: err,
		}
	}
	if err != nil {
		return Release{}, fmt.Errorf("create release: %w", err)
	}
	return s.Get(ctx, id)
}

func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	if s.cfg.Enqueue == nil {
		return nil
	}
	return s.cfg.Enqueue(ctx, tx, id)
}

// person is the id of an actor who is a user.
func person(a audit.Actor) *uuid.UUID {
	if a.ID == uuid.Nil {
		return nil
	}
	return &a.ID
}

// Get returns one release or fault.NotFound.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Release, error) {
	row, err := db.New(s.cfg.DB).Release(ctx, s.cfg.Dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Release{}, fault.New(fault.NotFound, "There is no release %s.", id)
	}
	if err != nil {
		return Release{}, fmt.Errorf("read release %s: %w", id, err)
	}
	return releaseOf(row.Release, row.Stale)
}

// Find returns the release with that name or id, or fault.NotFound.
func (s *Service) Find(ctx context.Context, nameOrID string) (Release, error) {
	id, err := db.New(s.cfg.DB).ReleaseByName(ctx, s.cfg.Dataset, nameOrID)
	if errors.Is(err, pgx.ErrNoRows) {
		if id, err = uuid.Parse(nameOrID); err != nil {
			return Release{}, fault.New(fault.NotFound, "There is no release called %q.", nameOrID)
		}
	}
	if err != nil {
		return Release{}, fmt.Errorf("find release: %w", err)
	}
	return s.Get(ctx, id)
}

// List returns releases, the newest first: those older than before, or from the
// start where it is uuid.Nil.
func (s *Service) List(ctx context.Context, before uuid.UUID, limit int) ([]Release, error) {
	if before == uuid.Nil {
		before = uuid.Max
	}
	rows, err := db.New(s.cfg.DB).Releases(ctx, s.cfg.Dataset, before, int32(min(max(limit, 1), 200)))
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	out := make([]Release, len(rows))
	for i, r := range rows {
		if out[i], err = releaseOf(r.Release, r.Stale); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func releaseOf(r db.Release, stale bool) (Release, error) {
	out := Release{
		ID: r.ID, Name: r.Name, Notes: r.Notes, Supersedes: r.Supersedes, State: State(r.State), Override: Override{r.OverrideReason, r.OverrideAuthor},
		Items: r.Items, Tokens: r.Tokens, CatalogVersion: int(r.CatalogVersion), RulesVersion: r.RulesVersion, Demo: r.Demo,
		Step: r.Step, Done: r.Done, Total: r.Total, Error: r.Error, Author: r.Author, AuthorID: r.CreatedBy, CreatedAt: r.CreatedAt, FrozenAt: r.FrozenAt, BuiltAt: r.BuiltAt,
	}
	out.Stalled = out.Open() && stale
	if r.WithdrawnAt != nil {
		out.Withdrawn = &Withdrawal{*r.WithdrawnAt, r.WithdrawnBy, r.WithdrawnReason}
	}
	for _, f := range []struct {
		text string
		into any
	}{{r.Spec, &out.Spec}, {r.Preflight, &out.Preflight}, {r.Shape, &out.Shape}, {r.Licences, &out.Licences}} {
		if err := json.Unmarshal([]byte(f.text), f.into); err != nil {
			return out, fmt.Errorf("read release %s: %w", r.ID, err)
		}
	}
	return out, nil
}

// OverrideRed lets a held release pass with a written reason, which the manifest
// carries. The caller has made sure that by may say so.
func (s *Service) OverrideRed(ctx context.Context, id uuid.UUID, by audit.Actor, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.Fields("A reason is needed.", map[string]string{"reason": "Say why the red lines may stand; the manifest carries it."})
	}
	return s.change(ctx, id, by, "release.overridden", reason, true, func(q *db.Queries) (int64, error) {
		return q.OverrideRelease(ctx, db.OverrideReleaseParams{DatasetID: s.cfg.Dataset, ID: id, Reason: reason, AuthorID: person(by), Author: by.Name})
	}, "Only a release that red lines hold can be let through.")
}

// Retry has a release that is held or failed looked at again.
func (s *Service) Retry(ctx context.Context, id uuid.UUID, by audit.Actor) error {
	return s.change(ctx, id, by, "release.retried", "", true, func(q *db.Queries) (int64, error) {
		return q.RetryRelease(ctx, s.cfg.Dataset, id)
	}, "There is nothing to try again.")
}

// Discard gives up a release that was never frozen; its name is free again.
func (s *Service) Discard(ctx context.Context, id uuid.UUID, by audit.Actor) error {
	return s.change(ctx, id, by, "release.discarded", "", false, func(q *db.Queries) (int64, error) {
		return q.DiscardRelease(ctx, s.cfg.Dataset, id)
	}, "Only a release that is held can be discarded. Withdraw one that is built.")
}

// Withdraw marks a built release as one that nobody should train on. Its files
// stay: what was trained on it must remain explicable.
func (s *Service) Withdraw(ctx context.Context, id uuid.UUID, by audit.Actor, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.Fields("A reason is needed.", map[string]string{"reason": "Say why nobody should train on it any more."})
	}
	return s.change(ctx, id, by, "release.withdrawn", reason, false, func(q *db.Queries) (int64, error) {
		return q.WithdrawRelease(ctx, db.WithdrawReleaseParams{DatasetID: s.cfg.Dataset, ID: id, Author: by.Name, Reason: reason})
	}, "Only a release that is built and not yet withdrawn can be withdrawn.")
}

func (s *Service) change(ctx context.Context, id uuid.UUID, by audit.Actor, action, reason string, enqueue bool, do func(*db.Queries) (int64, error), otherwise string) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	err := postgres.InTx(ctx, s.cfg.DB, func(tx pgx.Tx) error {
		n, err := do(db.New(tx))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "%s", otherwise)
		}
		if err := audit.Write(ctx, tx, audit.Entry{
			Dataset: s.cfg.Dataset, Actor: by, Action: action, Object: "release/" + id.String(), Detail: map[string]any{"reason": reason},
		}); err != nil {
			return err
		}
		if enqueue {
			return s.enqueue(ctx, tx, id)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", action, id, err)
	}
	return nil
}

// A Membership is a release that an example is in.
type Membership struct {
	ID        uuid.UUID
	Name      string
	State     State
	Withdrawn bool
	Revision  int
	Split     string
	Position  int64
}

// Of lists the releases that an example is in, the newest first.
func (s *Service) Of(ctx context.Context, example uuid.UUID) ([]Membership, error) {
	rows, err := db.New(s.cfg.DB).ReleasesOfExample(ctx, s.cfg.Dataset, example)
	if err != nil {
		return nil, fmt.Errorf("list the releases of example %s: %w", example, err)
	}
	out := make([]Membership, len(rows))
	for i, r := range rows {
		out[i] = Membership{r.ID, r.Name, State(r.State), r.WithdrawnAt != nil, int(r.Revision), r.Split, int64(r.Position)}
	}
	return out, nil
}

// Successors lists the releases that replace one.
func (s *Service) Successors(ctx context.Context, id uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := db.New(s.cfg.DB).SupersededBy(ctx, s.cfg.Dataset, id)
	if err != nil {
		return nil, fmt.Errorf("list what replaces release %s: %w", id, err)
	}
	out := map[uuid.UUID]string{}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}

// Interrupted lists the releases that nobody is at although something is to do.
func (s *Service) Interrupted(ctx context.Context) ([]uuid.UUID, error) {
	ids, err := db.New(s.cfg.DB).OpenReleases(ctx, s.cfg.Dataset)
	if err != nil {
		return nil, fmt.Errorf("list open releases: %w", err)
	}
	return ids, nil
}

// Export writes rows of a release that is frozen, as one file of a preset: of one
// split, or of the whole release where split is empty or all. The same call gives
// the same bytes for ever. fault.Invalid: the release has no such split.
func (s *Service) Export(ctx context.Context, w io.Writer, r Release, p export.Preset, split string) (export.Summary, error) {
	if r.FrozenAt == nil {
		return export.Summary{}, fault.New(fault.Conflict, "The release %s is not made yet: it is %s.", r.Name, r.State)
	}
	if split == "all" {
		split = ""
	}
	rows, ok := r.rows(split)
	if !ok {
		return export.Summary{}, fault.Fields("The release has no such split.", map[string]string{"split": "Use all or " + strings.Join(r.Spec.names(), ", ") + "."})
	}
	files := p.Files(nil)
	file := files[len(files)-1]
	if split != "" {
		file.Splits = []string{split}
	}
	_, sum, err := s.cfg.Export.WriteRows(ctx, w, p, file, rows)
	return sum, err
}
