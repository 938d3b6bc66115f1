package api

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
)

// The shapes that go over the wire. Fields are only ever added.

type findingJSON struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Path     string `json:"path"`
	Message  string `json:"message"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
}

type provenanceJSON struct {
	Source     string    `json:"source"`
	Line       int64     `json:"line"`
	SHA256     string    `json:"sha256,omitempty"`
	SourceID   uuid.UUID `json:"source_id"`
	ImportID   string    `json:"import_id,omitempty"`
	Format     string    `json:"format,omitempty"`
	Offset     int64     `json:"offset"`
	Bytes      int       `json:"bytes"`
	ExternalID string    `json:"external_id,omitempty"`
	Licence    string    `json:"licence,omitempty"`
	Channel    string    `json:"channel,omitempty"`
	Demo       bool      `json:"demo"`
	Generator  string    `json:"generator,omitempty"`
	ImportedBy string    `json:"imported_by,omitempty"`
	ImportedAt string    `json:"imported_at,omitempty"`
}

type decisionJSON struct {
	ID             uuid.UUID `json:"id"`
	Reviewer       string    `json:"reviewer"`
	Revision       int       `json:"revision"`
	NewRevision    int       `json:"new_revision,omitempty"`
	Verdict        string    `json:"verdict"`
	Reason         string    `json:"reason,omitempty"`
	Comment        string    `json:"comment,omitempty"`
	OverrideReason string    `json:"override_reason,omitempty"`
	Checklist      []string  `json:"checklist"`
	Before         string    `json:"status_before"`
	After          string    `json:"status_after"`
	Undoes         string    `json:"undoes,omitempty"`
	Undone         bool      `json:"undone"`
	Informed       bool      `json:"informed,omitempty"`
	Carried        bool      `json:"carried,omitempty"`
	Seconds        float64   `json:"seconds"`
	At             time.Time `json:"at"`
}

type revisionJSON struct {
	Revision int             `json:"revision"`
	Author   string          `json:"author,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Tokens   int             `json:"tokens"`
	Messages json.RawMessage `json:"messages"`
	At       time.Time       `json:"at"`
}

type leaseJSON struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// itemJSON is an example in a list.
type itemJSON struct {
	ID          uuid.UUID       `json:"id"`
	Category    string          `json:"category"`
	Subcategory string          `json:"subcategory"`
	Status      string          `json:"status"`
	Revision    int             `json:"revision"`
	Messages    json.RawMessage `json:"messages"`
	Tools       json.RawMessage `json:"tools"`
	Tokens      int             `json:"tokens"`
	Turns       int             `json:"turns"`
	Provenance  provenanceJSON  `json:"provenance"`
	Findings    []findingJSON   `json:"findings"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// exampleJSON is one example with everything that is known of it.
type exampleJSON struct {
	itemJSON
	PlainTokens int             `json:"plain_tokens"`
	SHA256      string          `json:"sha256"`
	Metadata    json.RawMessage `json:"metadata"`
	Decisions   []decisionJSON  `json:"decisions"`
	Revisions   []revisionJSON  `json:"revisions"`
	Lease       *leaseJSON      `json:"lease,omitempty"`
}

func findings(list []lint.Finding) []findingJSON {
	out := make([]findingJSON, len(list))
	for i, f := range list {
		out[i] = findingJSON{Rule: f.Rule, Severity: string(f.Severity), Path: f.Path, Message: f.Message, Start: f.Start, End: f.End}
	}
	return out
}

// tools is the stored tools text as JSON: an empty array where there are none.
func tools(text string) json.RawMessage {
	if text == "" {
		return json.RawMessage("[]")
	}
	return json.RawMessage(text)
}

func item(s browse.Summary, found []lint.Finding) itemJSON {
	return itemJSON{
		ID: s.ID, Category: s.Category, Subcategory: s.Subcategory, Status: string(s.Status), Revision: s.Revision,
		Messages: json.RawMessage(s.Messages), Tools: tools(s.Tools), Tokens: s.Tokens, Turns: s.Turns,
		Provenance: provenanceJSON{Source: s.Source, Line: s.Line, SourceID: s.SourceID, ExternalID: s.ExternalID},
		Findings:   findings(found), UpdatedAt: s.UpdatedAt.UTC(),
	}
}

func detail(d browse.Detail) exampleJSON {
	p := d.Provenance
	e := exampleJSON{
		itemJSON: itemJSON{
			ID: d.ID, Category: d.Category, Subcategory: d.Subcategory, Status: string(d.Status), Revision: d.Revision,
			Messages: json.RawMessage(d.Messages), Tools: tools(string(d.Conversation.Tools)), Tokens: d.Tokens, Turns: d.Turns,
			Provenance: provenanceJSON{
				Source: p.Source, Line: p.Line, SHA256: p.SHA256, SourceID: p.SourceID, ImportID: p.ImportID.String(), Format: p.Format,
				Offset: p.Offset, Bytes: p.Bytes, ExternalID: p.ExternalID, Licence: p.Licence, Channel: p.Channel, Demo: p.Demo,
				Generator: p.Generator, ImportedBy: p.ImportedBy, ImportedAt: p.ImportedAt.UTC().Format(time.RFC3339),
			},
			Findings: findings(d.Findings), UpdatedAt: d.UpdatedAt.UTC(),
		},
		PlainTokens: d.PlainTokens, SHA256: d.Hash, Metadata: d.Metadata,
		Decisions: []decisionJSON{}, Revisions: []revisionJSON{},
	}
	for _, x := range d.Decisions {
		j := decisionJSON{
			ID: x.ID, Reviewer: x.Reviewer, Revision: x.Revision, NewRevision: x.NewRevision, Verdict: x.Verdict, Reason: x.Reason,
			Comment: x.Comment, OverrideReason: x.OverrideReason, Checklist: append([]string{}, x.Checklist...),
			Before: string(x.Before), After: string(x.After), Undone: x.Undone, Informed: x.Informed, Carried: x.Carried, Seconds: x.Took.Seconds(), At: x.At.UTC(),
		}
		if x.Undoes != uuid.Nil {
			j.Undoes = x.Undoes.String()
		}
		e.Decisions = append(e.Decisions, j)
	}
	for _, x := range d.Revisions {
		e.Revisions = append(e.Revisions, revisionJSON{
			Revision: x.Number, Author: x.Author, Reason: x.Reason, Tokens: x.Tokens, Messages: json.RawMessage(x.Messages), At: x.At.UTC(),
		})
	}
	if d.Holder != nil {
		e.Lease = &leaseJSON{Holder: d.Holder.Name, Since: d.Holder.Since.UTC(), Until: d.Holder.Until.UTC()}
	}
	return e
}

type importFindingsJSON struct {
	Error   int64 `json:"error"`
	Warning int64 `json:"warning"`
}

type importJSON struct {
	ID         uuid.UUID          `json:"id"`
	State      string             `json:"state"`
	Source     string             `json:"source"`
	SHA256     string             `json:"sha256"`
	Format     string             `json:"format"`
	Rows       int64              `json:"rows"`
	Inserted   int64              `json:"inserted"`
	Duplicates int64              `json:"duplicates"`
	Rejected   int64              `json:"rejected"`
	BytesRead  int64              `json:"bytes_read"`
	BytesTotal int64              `json:"bytes_total"`
	Findings   importFindingsJSON `json:"findings"`
	Error      string             `json:"error"`
	RepeatOf   *uuid.UUID         `json:"repeat_of,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	FinishedAt *time.Time         `json:"finished_at,omitempty"`
}

func importRun(r ingest.Run) importJSON {
	return importJSON{
		ID: r.ID, State: string(r.State), Source: r.Name, SHA256: r.SHA256, Format: string(r.Format),
		Rows: r.Rows, Inserted: r.Inserted, Duplicates: r.Duplicates, Rejected: r.Rejected, BytesRead: r.BytesRead, BytesTotal: r.BytesTotal,
		Findings: importFindingsJSON{Error: r.Errors, Warning: r.Warnings}, Error: r.Error, RepeatOf: r.RepeatOf,
		CreatedAt: r.CreatedAt.UTC(), FinishedAt: r.FinishedAt,
	}
}
