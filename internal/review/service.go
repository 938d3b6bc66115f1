// Package review is where people decide: who works on which example (leases),
// what they decide about which revision, how many verdicts it takes, edits, what
// is settled by a lead or a specialist, and undo. docs/review.md has the rules.
// Finding and reading examples is package browse.
package review

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres"
)

// LeaseFor is how long a claim holds an example without a heartbeat.
const LeaseFor = 5 * time.Minute

// MaxClaim bounds how many examples one claim may lease.
const MaxClaim = 20

// DB is what the service needs of the pool.
type DB interface {
	postgres.Beginner
	db.DBTX
}

// Config is what New needs. Only Catalog and Chance may be left out.
type Config struct {
	DB      DB
	Dataset uuid.UUID
	// Catalog says how many approvals an example needs, by whom, and how much is
	// looked at twice. Nil: one approval by anybody, and no second looks.
	Catalog func(ctx context.Context) (*catalog.Catalog, error)
	// Chance returns a random number from 0 to below 1, for hiding looks among the
	// queue; nil: math/rand.
	Chance func() float64
	// Order lists the category slugs in the order in which a queue over all of
	// them is worked off.
	Order func(ctx context.Context) ([]string, error)
	// Check finds what is wrong with an edited example.
	Check func(ctx context.Context, s lint.Subject) ([]lint.Finding, error)
	// Count returns the Llama 3 tokens of a conversation in the Hugging Face
	// form and in the plain form.
	Count func(c example.Conversation) (hf, plain int)
}

// Service decides. It is safe for concurrent use, also by several processes on
// one database.
type Service struct {
	cfg Config

	mu sync.Mutex
	// marks remembers, per reviewer, order and shelf, the last example claimed, so
	// that a claim does not walk again over what was decided before. It is a hint:
	// losing it costs one longer scan.
	marks map[mark]place
	// known is the catalog as it was read at readAt.
	known  *catalog.Catalog
	readAt time.Time
}

// New returns the service.
func New(cfg Config) *Service {
	if cfg.Chance == nil {
		cfg.Chance = rand.Float64
	}
	return &Service{cfg: cfg, marks: map[mark]place{}}
}

// content is one revision's content and what is computed from it.
type content struct {
	messages, tools, metadata string
	strict                    bool
	tokens, plainTokens       int
	turns                     int
	doubt                     int
	hash                      example.Hash
	findings                  []lint.Finding
}

// derive computes everything that is stored beside an edited conversation.
func (s *Service) derive(ctx context.Context, c example.Conversation, category, subcategory, metadata string) (content, error) {
	messages := c.AppendMessages(nil)
	hf, plain := s.cfg.Count(c)
	findings, err := s.cfg.Check(ctx, lint.Subject{Category: category, Subcategory: subcategory, Conversation: c, Tokens: hf})
	if err != nil {
		return content{}, fmt.Errorf("check the edit: %w", err)
	}
	t, err := s.terms(ctx, category, subcategory)
	if err != nil {
		return content{}, err
	}
	return content{
		doubt:    lint.Doubt(t.category, subcategory, c),
		messages: string(messages), tools: string(c.Tools), metadata: metadata,
		strict: c.Strict(), tokens: hf, plainTokens: plain, turns: c.Turns(),
		hash: example.HashOf(messages, c.Tools), findings: findings,
	}, nil
}

func (c content) count(severity lint.Severity) int16 {
	n := int16(0)
	for _, f := range c.findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// append writes c as the next revision of the example and makes it the current
// one, with the given status. It joins the caller's transaction, which holds the
// example's lock.
func (s *Service) append(ctx context.Context, tx pgx.Tx, id uuid.UUID, revision int32, status example.Status, c content, author uuid.UUID, reason string) error {
	q := db.New(tx)
	if err := q.AppendRevision(ctx, db.AppendRevisionParams{
		DatasetID: s.cfg.Dataset, ExampleID: id, Revision: revision,
		Messages: c.messages, Tools: c.tools, Metadata: c.metadata, Strict: c.strict,
		Tokens: int32(c.tokens), PlainTokens: int32(c.plainTokens), Hash: c.hash[:],
		AuthorID: &author, Reason: reason,
	}); err != nil {
		return fmt.Errorf("append revision: %w", err)
	}
	if err := q.DropLooks(ctx, s.cfg.Dataset, id); err != nil {
		return fmt.Errorf("end the looks at the revision before: %w", err)
	}
	if err := s.storeFindings(ctx, tx, id, revision, c.findings); err != nil {
		return err
	}
	if err := q.SetRevision(ctx, db.SetRevisionParams{
		DatasetID: s.cfg.Dataset, ID: id, Status: db.ExampleStatus(status), Revision: revision,
		Tokens: int32(c.tokens), Turns: int16(c.turns), Errors: c.count(lint.Error), Warnings: c.count(lint.Warning), Doubt: int16(c.doubt),
	}); err != nil {
		return fmt.Errorf("set revision: %w", err)
	}
	return nil
}

func (s *Service) storeFindings(ctx context.Context, tx pgx.Tx, id uuid.UUID, revision int32, findings []lint.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	rows := make([]db.AppendFindingParams, len(findings))
	for i, f := range findings {
		rows[i] = db.AppendFindingParams{
			DatasetID: s.cfg.Dataset, ExampleID: id, Revision: revision, Ordinal: int16(i),
			Rule: f.Rule, Severity: db.Severity(f.Severity), Message: f.Message, Path: f.Path,
			StartAt: int32(f.Start), EndAt: int32(f.End),
		}
	}
	var failed error
	batch := db.New(tx).AppendFinding(ctx, rows)
	batch.Exec(func(_ int, err error) {
		if err != nil && failed == nil {
			failed = err
		}
	})
	if failed != nil {
		return fmt.Errorf("store findings: %w", failed)
	}
	return nil
}

func (s *Service) record(ctx context.Context, tx pgx.Tx, who audit.Actor, action string, id uuid.UUID, detail any) error {
	return audit.Write(ctx, tx, audit.Entry{
		Dataset: s.cfg.Dataset, Actor: who, Action: action, Object: "example/" + id.String(), Detail: detail,
	})
}

func noExample(id uuid.UUID) error {
	return fault.New(fault.NotFound, "There is no example %s.", id)
}
