// Package browse finds examples and reads them whole. It changes nothing.
package browse

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// Service reads the examples of one dataset. It is safe for concurrent use.
type Service struct {
	db      db.DBTX
	dataset uuid.UUID
}

// New returns the service.
func New(conn db.DBTX, dataset uuid.UUID) *Service { return &Service{db: conn, dataset: dataset} }

// A Detail is one example with everything that is known of it.
type Detail struct {
	ID           uuid.UUID
	Category     string
	Subcategory  string
	Status       example.Status
	Revision     int
	Tokens       int // Hugging Face form
	PlainTokens  int
	Turns        int
	Doubt        int    // how unsure the answer is for its kind, see lint.Doubt
	Hash         string // SHA-256 of the current content, hexadecimal
	Conversation example.Conversation
	Messages     string          // canonical JSON
	Metadata     json.RawMessage // what else the row said
	UpdatedAt    time.Time
	Provenance   Provenance
	Findings     []lint.Finding // those that nobody waived
	Decisions    []Decision
	Revisions    []Revision // newest first, at most 50
	Holder       *Holder    // who works on it now
	// Hidden, from GetFor: whose words about the current revision the viewer must
	// not see yet.
	Hidden []uuid.UUID
}

// Provenance says where an example came from.
type Provenance struct {
	SourceID   uuid.UUID
	ImportID   uuid.UUID
	Source     string // file name
	SHA256     string // of the file, hexadecimal
	Format     string
	Line       int64
	Offset     int64 // in the decompressed stream
	Bytes      int
	ExternalID string
	Licence    string
	Channel    string // page, command, api, demo
	Demo       bool
	ImportedBy string
	ImportedAt time.Time
	Generator  string // processor or model that the row names, if any
}

// A Decision in an example's history.
type Decision struct {
	ID             uuid.UUID
	ReviewerID     uuid.UUID
	Reviewer       string
	Revision       int
	NewRevision    int // 0: no edit
	Verdict        string
	Kind           string // review, second, gold, adjudication, bulk
	Proposal       string // in a hidden look: the messages as the reviewer would have them, canonical JSON
	Reason         string
	Comment        string
	OverrideReason string
	Checklist      []string
	Before, After  example.Status
	Undoes         uuid.UUID
	Undone         bool
	Informed       bool // its author had been shown what others said: no independent verdict
	Carried        bool // repeats an earlier verdict on the same words, which an undo brought back
	Took           time.Duration
	At             time.Time
}

// A Revision in an example's history.
type Revision struct {
	Number   int
	Author   string // empty: the importer
	Reason   string
	Tokens   int
	Messages string // canonical JSON
	At       time.Time
}

// A Holder has an example under lease.
type Holder struct {
	ID    uuid.UUID
	Name  string
	Since time.Time
	Until time.Time
}

// Get reads one example; fault.NotFound if there is none.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Detail, error) {
	q := db.New(s.db)
	row, err := q.ExampleByID(ctx, s.dataset, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Detail{}, fault.New(fault.NotFound, "There is no example %s.", id)
	}
	if err != nil {
		return Detail{}, fmt.Errorf("read example %s: %w", id, err)
	}
	c, err := example.Parse(row.Messages, row.Tools)
	if err != nil {
		return Detail{}, fmt.Errorf("read example %s: %w", id, err)
	}
	d := Detail{
		ID: row.ID, Category: row.Category, Subcategory: row.Subcategory, Status: example.Status(row.Status),
		Revision: int(row.Revision), Tokens: int(row.Tokens), PlainTokens: int(row.PlainTokens), Turns: int(row.Turns), Doubt: int(row.Doubt),
		Hash: hex.EncodeToString(row.RevisionHash), Conversation: c, Messages: row.Messages,
		Metadata: json.RawMessage(row.Metadata), UpdatedAt: row.UpdatedAt,
		Provenance: Provenance{
			SourceID: row.SourceID, ImportID: row.ImportID, Source: row.Filename, SHA256: hex.EncodeToString(row.SourceSha256),
			Format: row.Format, Line: row.SourceLine, Offset: row.SourceOffset, Bytes: int(row.SourceBytes),
			ExternalID: row.ExternalID, Licence: row.Licence, Channel: row.Channel, Demo: row.Demo,
			ImportedBy: row.ImportedBy, ImportedAt: row.ImportedAt, Generator: generator(row.Metadata),
		},
	}
	if d.Findings, err = s.findings(ctx, q, id, row.Revision); err != nil {
		return Detail{}, fmt.Errorf("read example %s: %w", id, err)
	}
	if d.Decisions, err = s.decisions(ctx, q, id); err != nil {
		return Detail{}, fmt.Errorf("read example %s: %w", id, err)
	}
	revisions, err := q.RevisionsOf(ctx, s.dataset, id, row.Revision-50)
	if err != nil {
		return Detail{}, fmt.Errorf("read revisions of %s: %w", id, err)
	}
	for _, r := range revisions {
		d.Revisions = append(d.Revisions, Revision{
			Number: int(r.Revision), Author: r.Author, Reason: r.Reason, Tokens: int(r.Tokens), Messages: r.Messages, At: r.CreatedAt,
		})
	}
	holder, err := q.HolderOf(ctx, s.dataset, id)
	switch {
	case err == nil:
		d.Holder = &Holder{ID: holder.ReviewerID, Name: holder.Reviewer, Since: holder.TakenAt, Until: holder.ExpiresAt}
	case !errors.Is(err, pgx.ErrNoRows):
		return Detail{}, fmt.Errorf("read lease of %s: %w", id, err)
	}
	return d, nil
}

func (s *Service) findings(ctx context.Context, q *db.Queries, id uuid.UUID, revision int32) ([]lint.Finding, error) {
	rows, err := q.FindingsOf(ctx, s.dataset, id, revision)
	if err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	var findings []lint.Finding
	for _, f := range rows {
		findings = append(findings, lint.Finding{
			Rule: f.Rule, Severity: lint.Severity(f.Severity), Message: f.Message, Path: f.Path, Start: int(f.StartAt), End: int(f.EndAt),
		})
	}
	return findings, nil
}

func (s *Service) decisions(ctx context.Context, q *db.Queries, id uuid.UUID) ([]Decision, error) {
	rows, err := q.DecisionsOf(ctx, s.dataset, id)
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	var decisions []Decision
	for _, r := range rows {
		d := Decision{
			ID: r.ID, ReviewerID: r.ReviewerID, Reviewer: r.Reviewer, Revision: int(r.Revision), Verdict: r.Verdict, Kind: r.Kind, Proposal: r.Proposal,
			Reason: r.Reason, Comment: r.Comment, OverrideReason: r.OverrideReason,
			Before: example.Status(r.StatusBefore), After: example.Status(r.StatusAfter), Undone: r.Undone, Informed: r.Informed, Carried: r.Carried,
			Took: time.Duration(r.Millis) * time.Millisecond, At: r.CreatedAt,
		}
		if r.NewRevision != nil {
			d.NewRevision = int(*r.NewRevision)
		}
		if r.Undoes != nil {
			d.Undoes = *r.Undoes
		}
		if err := json.Unmarshal([]byte(r.Checklist), &d.Checklist); err != nil {
			return nil, fmt.Errorf("checklist of decision %s: %w", r.ID, err)
		}
		decisions = append(decisions, d)
	}
	return decisions, nil
}

// FindingsOf returns the current findings of a page of examples, by id.
func (s *Service) FindingsOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]lint.Finding, error) {
	if len(ids) > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask for the findings of at most %d examples.", MaxLimit)
	}
	rows, err := db.New(s.db).FindingsOfMany(ctx, s.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("findings of %d examples: %w", len(ids), err)
	}
	found := make(map[uuid.UUID][]lint.Finding, len(ids))
	for _, f := range rows {
		found[f.ExampleID] = append(found[f.ExampleID], lint.Finding{
			Rule: f.Rule, Severity: lint.Severity(f.Severity), Message: f.Message, Path: f.Path, Start: int(f.StartAt), End: int(f.EndAt),
		})
	}
	return found, nil
}

// A Source that a filter can offer.
type Source struct {
	ID   uuid.UUID
	Name string
	Demo bool
	At   time.Time
}

// Sources lists the newest sources, at most 200.
func (s *Service) Sources(ctx context.Context) ([]Source, error) {
	rows, err := db.New(s.db).SourceNames(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	sources := make([]Source, len(rows))
	for i, r := range rows {
		sources[i] = Source{ID: r.ID, Name: r.Name, Demo: r.Demo, At: r.CreatedAt}
	}
	return sources, nil
}

// Rules lists the rules that ever found anything, by name.
func (s *Service) Rules(ctx context.Context) ([]string, error) {
	rules, err := db.New(s.db).RulesSeen(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return rules, nil
}

// generator picks the maker that a row's metadata names, under the keys that
// generators use.
func generator(metadata string) string {
	var m struct {
		Processor string `json:"processor_used"`
		Generator string `json:"generator"`
		Model     string `json:"model"`
	}
	// Metadata whose keys have other types simply names no generator.
	if err := json.Unmarshal([]byte(metadata), &m); err != nil {
		return ""
	}
	for _, name := range []string{m.Processor, m.Generator, m.Model} {
		if name != "" {
			return name
		}
	}
	return ""
}

// HoldersOf returns who works on which of a page of examples now, by id.
func (s *Service) HoldersOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Holder, error) {
	if len(ids) > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask who holds at most %d examples.", MaxLimit)
	}
	rows, err := db.New(s.db).HoldersOf(ctx, s.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("holders of %d examples: %w", len(ids), err)
	}
	held := make(map[uuid.UUID]Holder, len(rows))
	for _, r := range rows {
		held[r.ExampleID] = Holder{ID: r.ReviewerID, Name: r.Reviewer, Since: r.TakenAt, Until: r.ExpiresAt}
	}
	return held, nil
}

// A Place is the file that an example came from and its line in it, from 1.
type Place struct {
	Source string
	Line   int64
}

// PlacesOf returns where examples came from, by id; those that are no more are
// missing.
func (s *Service) PlacesOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Place, error) {
	if len(ids) > MaxLimit {
		return nil, fault.New(fault.Invalid, "Ask where at most %d examples are from.", MaxLimit)
	}
	rows, err := db.New(s.db).NamesOfExamples(ctx, s.dataset, ids)
	if err != nil {
		return nil, fmt.Errorf("places of %d examples: %w", len(ids), err)
	}
	places := make(map[uuid.UUID]Place, len(rows))
	for _, r := range rows {
		places[r.ID] = Place{Source: r.SourceName, Line: r.SourceLine}
	}
	return places, nil
}
