package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
)

type startedJSON struct {
	ID    uuid.UUID `json:"id"`
	State string    `json:"state"`
}

type importsJSON struct {
	Items      []importJSON `json:"items"`
	NextCursor string       `json:"next_cursor"`
}

type examplesJSON struct {
	Items      []itemJSON `json:"items"`
	NextCursor string     `json:"next_cursor"`
}

type claimJSON struct {
	Category    string `json:"category,omitempty"`
	Subcategory string `json:"subcategory,omitempty"`
}

type claimedJSON struct {
	Example        exampleJSON `json:"example"`
	LeaseExpiresAt time.Time   `json:"lease_expires_at"`
}

type decideJSON struct {
	Revision       int             `json:"revision"`
	Verdict        string          `json:"verdict"`
	Messages       json.RawMessage `json:"messages,omitempty"`
	Reason         string          `json:"reason,omitempty"`
	Comment        string          `json:"comment,omitempty"`
	OverrideReason string          `json:"override_reason,omitempty"`
	Checklist      []string        `json:"checklist,omitempty"`
	StatusSeen     string          `json:"status_seen,omitempty"`
	Seconds        float64         `json:"seconds,omitempty"`
}

type decidedJSON struct {
	DecisionID uuid.UUID `json:"decision_id"`
	Status     string    `json:"status"`
	Revision   int       `json:"revision"`
	Informed   bool      `json:"informed,omitempty"` // the caller had been shown what others said: no independent verdict
}

type statsJSON struct {
	Categories []categoryJSON `json:"categories"`
	ComputedAt time.Time      `json:"computed_at"`
}

type categoryJSON struct {
	Slug          string            `json:"slug"`
	Name          string            `json:"name"`
	Priority      string            `json:"priority"`
	TargetMin     int               `json:"target_min"`
	TargetMax     int               `json:"target_max"`
	ByStatus      map[string]int64  `json:"by_status"`
	Tokens        int64             `json:"tokens"` // of approved examples
	TokensBy      map[string]int64  `json:"tokens_by_status"`
	Subcategories []subcategoryJSON `json:"subcategories"`
}

type subcategoryJSON struct {
	Slug     string           `json:"slug"`
	Name     string           `json:"name"`
	Planned  int              `json:"planned"`
	ByStatus map[string]int64 `json:"by_status"`
}

var (
	statusNames   = []string{"pending", "approved", "rejected", "escalated"}
	severityNames = []string{"error", "warning", "info"}
	pageParams    = []parameter{
		{name: "cursor", about: "next_cursor of the page before"},
		{name: "limit", about: "how many at most, 1 to 200; 50 if left out"},
	}
)

// table is the site map of the API.
func (s *Server) table() []endpoint {
	return []endpoint{
		{
			method: "GET", path: "/openapi.json", summary: "This description",
			answers: []answer{{status: http.StatusOK, about: "OpenAPI 3.1", media: "application/json"}},
			handle:  s.describe,
		},
		{
			method: "POST", path: "/imports", permission: account.Import, summary: "Import a file: the raw bytes are the body, of any size",
			query: []parameter{
				{name: "category", about: "category of every row; may be left out where the rows or the format name one"},
				{name: "subcategory", about: "subcategory of every row"},
				{name: "format", about: "how to read it", choices: formatNames()},
				{name: "filename", about: "what the file is called"},
				{name: "licence", about: "licence of the data"},
				{name: "map", about: "target=field, for other formats; repeat it"},
			},
			raw:     "the file: JSON Lines, a JSON array or CSV; plain, gzip or zstd",
			answers: []answer{{status: http.StatusAccepted, about: "Stored whole and queued", body: startedJSON{}}},
			handle:  s.createImport,
		},
		{
			method: "GET", path: "/imports", permission: account.View, summary: "List imports, newest first", query: pageParams,
			answers: []answer{{status: http.StatusOK, about: "A page", body: importsJSON{}}},
			handle:  s.listImports,
		},
		{
			method: "GET", path: "/imports/{id}", permission: account.View, summary: "How far an import is",
			answers: []answer{{status: http.StatusOK, about: "The import", body: importJSON{}}},
			handle:  s.showImport,
		},
		{
			method: "POST", path: "/imports/{id}/cancel", permission: account.Import, summary: "Cancel an import; what came in stays",
			answers: []answer{{status: http.StatusAccepted, about: "It stops after its current batch", body: importJSON{}}},
			handle:  s.cancelImport,
		},
		{
			method: "POST", path: "/imports/{id}/resume", permission: account.Import, summary: "Go on with an import that failed or was cancelled",
			answers: []answer{{status: http.StatusAccepted, about: "Queued again", body: importJSON{}}},
			handle:  s.resumeImport,
		},
		{
			method: "GET", path: "/imports/{id}/rejects", permission: account.View, summary: "The rows that were refused, as JSON Lines",
			answers: []answer{{status: http.StatusOK, about: `One object per row: {"line","offset","reason","raw"}, raw_base64 instead of raw where the bytes are not UTF-8`, media: "application/x-ndjson"}},
			handle:  s.listRejects,
		},
		{
			method: "GET", path: "/examples", permission: account.View, summary: "List examples in the order of import",
			query: append([]parameter{
				{name: "category", about: "of this category"},
				{name: "subcategory", about: "of this subcategory"},
				{name: "status", about: "in this status", choices: statusNames},
				{name: "rule", about: "with a current finding of this rule"},
				{name: "severity", about: "with a current finding of this severity", choices: severityNames},
				{name: "source", about: "from the source with this id or file name"},
				{name: "import", about: "from this import"},
				{name: "tag", about: "with this tag"},
				{name: "q", about: "with this text in a message, case ignored; or with this id"},
				{name: "reviewer", about: "on which the person with this id had a last word: the newest approval, rejection or question that was not taken back"},
				{name: "verdict", about: "whose last word, of the reviewer or of anybody, is this", choices: browse.Verdicts},
				{name: "reason", about: "whose last word is a rejection for this reason: a slug or name of the catalog, or " + browse.OwnWords},
				{name: "since", about: "whose last word is from this day (UTC) or later, such as 2026-11-16"},
				{name: "until", about: "whose last word is from this day (UTC) or earlier"},
				{name: "min_tokens", about: "with at least so many Llama 3 tokens"},
				{name: "max_tokens", about: "with at most so many"},
				{name: "added_since", about: "whose file was added on this day (UTC) or later, such as 2026-11-16"},
				{name: "added_until", about: "whose file was added on this day (UTC) or earlier"},
			}, pageParams...),
			answers: []answer{{status: http.StatusOK, about: "A page; it may be short and still have a next_cursor when a search stops to answer in time", body: examplesJSON{}}},
			handle:  s.listExamples,
		},
		{
			method: "GET", path: "/examples/{id}", permission: account.View, summary: "One example with its provenance, findings and history",
			answers: []answer{
				{status: http.StatusOK, about: "The example; ETag is its revision", body: exampleJSON{}},
				{status: http.StatusNotModified, about: "If-None-Match names the current revision"},
			},
			header: []parameter{{name: "If-None-Match", about: "an ETag"}},
			handle: s.showExample,
		},
		{
			method: "POST", path: "/acts", permission: account.ActOnMany, summary: "Do one thing to many examples: approve, reject, move, tag, untag, assign, waive, replace or restore",
			body: newActJSON{},
			answers: []answer{
				{status: http.StatusOK, about: "With preview: what would happen; nothing is changed", body: actJSON{}},
				{status: http.StatusAccepted, about: "Queued", body: actJSON{}},
			},
			handle: s.createAct,
		},
		{
			method: "GET", path: "/acts/{id}", permission: account.View, summary: "How far an act on many examples is",
			answers: []answer{{status: http.StatusOK, about: "The act, and what became of its examples", body: actJSON{}}},
			handle:  s.showAct,
		},
		{
			method: "POST", path: "/queue/claim", permission: account.Review, summary: "Lease the next pending example for five minutes",
			body: claimJSON{},
			answers: []answer{
				{status: http.StatusOK, about: "The example, yours until lease_expires_at", body: claimedJSON{}},
				{status: http.StatusNoContent, about: "Nothing is left"},
			},
			handle: s.claim,
		},
		{
			method: "POST", path: "/examples/{id}/decisions", permission: account.Review, summary: "Decide on an example, with an edit if messages are given",
			header: []parameter{{name: "Idempotency-Key", about: "the same key again is the same decision"}},
			body:   decideJSON{},
			answers: []answer{
				{status: http.StatusCreated, about: "Decided", body: decidedJSON{}},
				{status: http.StatusConflict, about: "Stale revision, other status or lost lease: a problem with the current example", media: "application/problem+json"},
			},
			handle: s.decide,
		},
		{
			method: "DELETE", path: "/decisions/{id}", permission: account.Review, summary: "Undo a decision: appends a reversal",
			answers: []answer{{status: http.StatusNoContent, about: "Undone"}},
			handle:  s.undo,
		},
		{
			method: "GET", path: "/export", permission: account.Export, summary: "Examples as a training file",
			query: []parameter{
				{name: "preset", about: "shape of the rows; messages if left out", choices: presetNames()},
				{name: "plain", about: "llama3 without the date preamble", choices: []string{"true", "false"}},
				{name: "compress", about: "compress what is one file", choices: []string{"gzip", "zstd"}},
				{name: "status", about: "approved if left out", choices: statusNames},
				{name: "category", about: "of this category"},
				{name: "subcategory", about: "of this subcategory"},
			},
			answers: []answer{{status: http.StatusOK, about: "One row per line; a zip where the preset makes several files, a table where it is parquet. The trailer Spotter-Refused counts what the preset could not say", media: "application/x-ndjson"}},
			handle:  s.exportRows,
		},
		{
			method: "GET", path: "/stats", permission: account.View, summary: "Every category against its target",
			answers: []answer{{status: http.StatusOK, about: "Counts from maintained counters", body: statsJSON{}}},
			handle:  s.stats,
		},
	}
}
