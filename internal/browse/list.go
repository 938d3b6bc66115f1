package browse

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

// MaxLimit bounds a page.
const MaxLimit = 200

// NoSubcategory is the Subcategory of a Filter for examples that name none. No slug
// looks like it.
const NoSubcategory = "-"

// A Filter says which examples to list; empty fields do not filter.
type Filter struct {
	Category    string
	Subcategory string
	Status      example.Status
	Rule        string        // with a current finding of this rule that nobody waived
	Severity    lint.Severity // with a current finding of this severity
	Source      string        // a source's id or name
	Import      uuid.UUID
	Tag         string // that somebody put on it
	Text        string // a piece of any message, case ignored; or an example's id
	MinTokens   int    // at least so many Llama 3 tokens; 0: any number
	MaxTokens   int    // at most so many
	AddedSince  string // whose file was added on this day (UTC) or later, as 2026-11-16
	AddedUntil  string // whose file was added on this day or earlier
	Word
	// Blind is a reviewer who must not learn from the list what others said of
	// examples that they may still judge themselves; nil: nobody.
	Blind uuid.UUID `json:"-"`
}

// A Summary is an example in a list.
type Summary struct {
	ID          uuid.UUID
	Category    string
	Subcategory string
	Status      example.Status
	Revision    int
	Tokens      int
	Turns       int
	Errors      int
	Warnings    int
	SourceID    uuid.UUID
	Source      string
	Line        int64
	ExternalID  string
	UpdatedAt   time.Time
	Messages    string // canonical JSON
	Tools       string
	Excerpt     Excerpt
}

// An Excerpt is the first words of an example.
type Excerpt struct {
	Question string // of the last user turn before the first answer
	Answer   string // of the last assistant turn
}

// A Page is a part of a list in the order of import. Next and Previous are
// cursors, empty where there is nothing more; a page may hold fewer rows than
// asked for, none even, and still have a Next when the search stopped to answer
// in time: Searched then says how many examples it looked at.
type Page struct {
	Items          []Summary
	Next, Previous string
	Searched       int
	Stopped        bool // the search stopped early; Next goes on with it
}

// What one page may cost when a filter finds little.
const (
	firstWindow = 200                    // candidates looked at in the first round,
	lastWindow  = 5_000                  // and at most in a later one: each looks at three times as many
	searchTime  = 250 * time.Millisecond // after which a round is the last
	excerptSize = 200                    // runes
)

// List returns the page of at most limit examples that the cursor points at; an
// empty cursor is the beginning. It fails with fault.Invalid for a filter or
// cursor that makes no sense.
func (s *Service) List(ctx context.Context, f Filter, cursor string, limit int) (Page, error) {
	if limit < 1 || limit > MaxLimit {
		return Page{}, fault.New(fault.Invalid, "Ask for between 1 and %d examples.", MaxLimit)
	}
	if err := f.validate(); err != nil {
		return Page{}, err
	}
	at, back, err := parseCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	page, err := s.list(ctx, f, at, back, limit)
	if err != nil {
		return Page{}, fmt.Errorf("list examples: %w", err)
	}
	return page, nil
}

// validate refuses a filter that makes no sense.
func (f Filter) validate() error {
	if f.Status != "" && !f.Status.Valid() {
		return fault.Fields("There is no such status.", map[string]string{"status": "Use pending, approved, rejected or escalated."})
	}
	switch f.Severity {
	case "", lint.Info, lint.Warning, lint.Error:
	default:
		return fault.Fields("There is no such severity.", map[string]string{"severity": "Use error, warning or info."})
	}
	if f.MinTokens < 0 || f.MaxTokens < 0 || f.MinTokens > math.MaxInt32 || f.MaxTokens > math.MaxInt32 {
		return fault.Fields("There is no such length.", map[string]string{"min_tokens": "Use whole numbers from 1."})
	}
	fields := map[string]string{}
	checkDays(fields, map[string]string{"added_since": f.AddedSince, "added_until": f.AddedUntil})
	if len(fields) > 0 {
		return fault.Fields("There is no such day.", fields)
	}
	return f.Word.validate()
}

func (s *Service) list(ctx context.Context, f Filter, at uuid.UUID, back bool, limit int) (Page, error) {
	var page Page
	c, ok, err := s.candidates(ctx, f)
	if err != nil || !ok {
		return page, err
	}
	size := limit + 1
	if c.inexact {
		size = max(size, firstWindow)
	}
	start, last := time.Now(), at
	var items []Summary
	more := false
	for {
		ids, err := s.window(ctx, c, last, back, size)
		if err != nil {
			return page, err
		}
		taken := len(ids)
		ids = slices.Compact(ids) // several findings of one example
		page.Searched += len(ids)
		found, err := s.fetch(ctx, ids, f, back, limit+1-len(items))
		if err != nil {
			return page, err
		}
		items = append(items, found...)
		if len(items) > limit {
			items, more = items[:limit], true
			last = items[limit-1].ID
			break
		}
		if taken < size {
			break
		}
		last = ids[len(ids)-1]
		if time.Since(start) > searchTime {
			page.Stopped, more = true, true
			break
		}
		if c.inexact {
			size = min(3*size, lastWindow)
		}
	}
	next, previous := "", ""
	if more {
		next = formatCursor(last, back)
	}
	if at != uuid.Nil && len(items) > 0 {
		previous = formatCursor(items[0].ID, !back)
	}
	if back {
		slices.Reverse(items)
		next, previous = previous, next
	}
	page.Items, page.Next, page.Previous = items, next, previous
	return page, nil
}

// A candidate is the index that a list walks: the most selective one that the
// filter allows. inexact says that the rows it gives must still be held against
// the rest of the filter.
type candidate struct {
	sql     string // ids in order; takes @dataset, @at, @limit and args
	args    pgx.NamedArgs
	inexact bool
}

// candidates chooses the index for f; false means that nothing can match.
func (s *Service) candidates(ctx context.Context, f Filter) (candidate, bool, error) {
	if id, err := uuid.Parse(strings.TrimSpace(f.Text)); err == nil {
		return candidate{
			sql:  `SELECT e.id FROM examples e WHERE e.dataset_id = @dataset AND e.id = @id AND e.id CMP @at ORDER BY e.id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"id": id}, inexact: true,
		}, true, nil
	}
	shelf := f.Category != "" || f.Subcategory != "" || f.Status != ""
	switch {
	case f.Tag != "":
		return candidate{
			sql: `SELECT t.example_id FROM example_tags t
			       WHERE t.dataset_id = @dataset AND t.tag = @tag AND t.example_id CMP @at ORDER BY t.example_id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"tag": f.Tag}, inexact: f != Filter{Tag: f.Tag, Blind: f.Blind},
		}, true, nil
	case f.Word != Word{}:
		c, err := s.wordCandidate(ctx, f.Word)
		return c, err == nil, err
	case f.Rule != "":
		return candidate{
			sql: `SELECT f.example_id FROM findings f
			       WHERE f.dataset_id = @dataset AND f.rule = @rule AND f.example_id CMP @at ORDER BY f.example_id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"rule": f.Rule}, inexact: true,
		}, true, nil
	case f.Severity != "":
		return candidate{
			sql: `SELECT f.example_id FROM findings f
			       WHERE f.dataset_id = @dataset AND f.severity = @severity AND f.example_id CMP @at ORDER BY f.example_id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"severity": string(f.Severity)}, inexact: true,
		}, true, nil
	case f.MinTokens > 0 || f.MaxTokens > 0:
		return candidate{
			sql: `SELECT id FROM generate_series(token_bucket(@min_tokens::int)::int, token_bucket(@max_tokens::int)::int) AS bucket CROSS JOIN LATERAL (
			          SELECT e.id FROM examples e WHERE e.dataset_id = @dataset AND token_bucket(e.tokens) = bucket::smallint AND e.id CMP @at
			           ORDER BY e.id DIR LIMIT @limit) AS part
			       ORDER BY id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"min_tokens": f.MinTokens, "max_tokens": f.mostTokens()}, inexact: true,
		}, true, nil
	case f.imported():
		runs, err := s.runs(ctx, f)
		if err != nil || len(runs) == 0 {
			return candidate{}, false, err
		}
		return candidate{
			sql: `SELECT id FROM unnest(@runs::uuid[]) AS run CROSS JOIN LATERAL (
			          SELECT e.id FROM examples e WHERE e.dataset_id = @dataset AND e.import_id = run AND e.id CMP @at
			           ORDER BY e.id DIR LIMIT @limit) AS part
			       ORDER BY id DIR LIMIT @limit`,
			args: pgx.NamedArgs{"runs": runs}, inexact: shelf || f.Text != "",
		}, true, nil
	default:
		// The shelves that exist are few and known from the counters: a page is a
		// merge of short ranges of one index.
		return candidate{
			sql: `SELECT id FROM (
			          SELECT category, subcategory, status FROM counters
			           WHERE dataset_id = @dataset AND (@category = '' OR category = @category)
			             AND (@subcategory = '' OR subcategory = @subcategory OR @subcategory = '-' AND subcategory = '') AND (@status = '' OR status::text = @status)
			           GROUP BY category, subcategory, status HAVING sum(examples) > 0) AS shelf
			      CROSS JOIN LATERAL (
			          SELECT e.id FROM examples e
			           WHERE e.dataset_id = @dataset AND e.category = shelf.category AND e.subcategory = shelf.subcategory
			             AND e.status = shelf.status AND e.id CMP @at
			           ORDER BY e.id DIR LIMIT @limit) AS part
			       ORDER BY id DIR LIMIT @limit`,
			args:    pgx.NamedArgs{"category": f.Category, "subcategory": f.Subcategory, "status": string(f.Status)},
			inexact: f.Text != "",
		}, true, nil
	}
}

// mostTokens is the upper end of the lengths asked for.
func (f Filter) mostTokens() int {
	if f.MaxTokens == 0 {
		return math.MaxInt32
	}
	return f.MaxTokens
}

// imported says whether the filter asks how examples came in.
func (f Filter) imported() bool {
	return f.Source != "" || f.Import != uuid.Nil || f.AddedSince != "" || f.AddedUntil != ""
}

// runs lists the import runs that a filter by source, by import or by when the file was
// added means.
func (s *Service) runs(ctx context.Context, f Filter) ([]uuid.UUID, error) {
	if f.AddedSince != "" || f.AddedUntil != "" {
		added, err := db.New(s.db).RunsAdded(ctx, s.dataset, cmp.Or(f.AddedSince, firstDay), cmp.Or(f.AddedUntil, lastDay))
		if err != nil {
			return nil, fmt.Errorf("imports of the time: %w", err)
		}
		f.AddedSince, f.AddedUntil = "", ""
		if !f.imported() {
			return added, nil
		}
		runs, err := s.runs(ctx, f)
		return slices.DeleteFunc(runs, func(id uuid.UUID) bool { return !slices.Contains(added, id) }), err
	}
	if f.Source == "" {
		return []uuid.UUID{f.Import}, nil
	}
	q := db.New(s.db)
	sources := []uuid.UUID{}
	if id, err := uuid.Parse(f.Source); err == nil {
		sources = append(sources, id)
	} else if sources, err = q.NamedSources(ctx, s.dataset, f.Source); err != nil {
		return nil, fmt.Errorf("look up source %q: %w", f.Source, err)
	}
	runs, err := q.RunsOfSources(ctx, s.dataset, sources)
	if err != nil {
		return nil, fmt.Errorf("imports of source %q: %w", f.Source, err)
	}
	if f.Import != uuid.Nil {
		if !slices.Contains(runs, f.Import) {
			return nil, nil
		}
		runs = []uuid.UUID{f.Import}
	}
	return runs, nil
}

// window returns the ids of up to n candidates beyond at; one with several
// findings may come several times in a row.
func (s *Service) window(ctx context.Context, c candidate, at uuid.UUID, back bool, n int) ([]uuid.UUID, error) {
	sql := strings.NewReplacer("CMP", ">", "DIR", "ASC").Replace(c.sql)
	if back {
		sql = strings.NewReplacer("CMP", "<", "DIR", "DESC").Replace(c.sql)
	}
	args := pgx.NamedArgs{"dataset": s.dataset, "at": at, "limit": n}
	for k, v := range c.args {
		args[k] = v
	}
	rows, err := s.db.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	return ids, nil
}

// fetch reads those of the candidates that pass the whole filter, at most n, in
// the candidates' order.
func (s *Service) fetch(ctx context.Context, ids []uuid.UUID, f Filter, back bool, n int) ([]Summary, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, args, err := s.conditions(ctx, ids, f)
	if err != nil {
		return nil, err
	}
	args["limit"] = n
	order := "ASC"
	if back {
		order = "DESC"
	}
	rows, err := s.db.Query(ctx, `
		SELECT e.id, e.category, e.subcategory, e.status::text, e.revision, e.tokens, e.turns, e.errors, e.warnings,
		       e.source_id, s.name, e.source_line, e.external_id, e.updated_at, r.messages, r.tools
		  FROM examples e
		  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
		  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
		 WHERE `+where+`
		 ORDER BY e.id `+order+` LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Summary, error) {
		var i Summary
		err := row.Scan(&i.ID, &i.Category, &i.Subcategory, &i.Status, &i.Revision, &i.Tokens, &i.Turns, &i.Errors, &i.Warnings,
			&i.SourceID, &i.Source, &i.Line, &i.ExternalID, &i.UpdatedAt, &i.Messages, &i.Tools)
		return i, err
	})
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	for i := range items {
		items[i].Excerpt = excerpt(items[i].Messages)
	}
	return items, nil
}

// conditions hold examples e with their current revisions r against the filter.
func (s *Service) conditions(ctx context.Context, ids []uuid.UUID, f Filter) (string, pgx.NamedArgs, error) {
	where := []string{"e.dataset_id = @dataset", "e.id = ANY(@ids::uuid[])"}
	args := pgx.NamedArgs{"dataset": s.dataset, "ids": ids}
	also := func(condition, name string, value any) {
		where = append(where, condition)
		args[name] = value
	}
	if f.Category != "" {
		also("e.category = @category", "category", f.Category)
	}
	if f.Subcategory != "" {
		also("e.subcategory = @subcategory", "subcategory", strings.TrimPrefix(f.Subcategory, NoSubcategory))
	}
	if f.Status != "" {
		also("e.status::text = @status", "status", string(f.Status))
	}
	if f.Rule != "" || f.Severity != "" {
		args["rule"], args["severity"] = f.Rule, string(f.Severity) // one finding has both
		where = append(where, `EXISTS (SELECT FROM findings f
			WHERE f.dataset_id = e.dataset_id AND f.example_id = e.id AND f.revision = e.revision AND NOT f.waived
			  AND (@rule = '' OR f.rule = @rule) AND (@severity = '' OR f.severity::text = @severity))`)
	}
	if f.Tag != "" {
		also("EXISTS (SELECT FROM example_tags t WHERE t.dataset_id = e.dataset_id AND t.example_id = e.id AND t.tag = @tag)", "tag", f.Tag)
	}
	if f.imported() {
		runs, err := s.runs(ctx, f)
		if err != nil {
			return "", nil, err
		}
		also("e.import_id = ANY(@runs::uuid[])", "runs", runs)
	}
	if f.MinTokens > 0 || f.MaxTokens > 0 {
		also("e.tokens >= @min_tokens", "min_tokens", f.MinTokens)
		also("e.tokens <= @max_tokens", "max_tokens", f.mostTokens())
	}
	if f.Word != (Word{}) {
		condition, of, err := s.wordCondition(ctx, f.Word, f.Blind)
		if err != nil {
			return "", nil, err
		}
		where = append(where, condition)
		maps.Copy(args, of)
	}
	if text := strings.TrimSpace(f.Text); text != "" {
		if _, err := uuid.Parse(text); err != nil {
			also("r.messages ILIKE @pattern", "pattern", likePattern(text))
		}
	}
	return strings.Join(where, " AND "), args, nil
}

// likePattern finds text inside canonical JSON: it is spelled as JSON first, then
// LIKE's own special characters are taken literally.
func likePattern(text string) string {
	quoted := example.AppendString(nil, text)
	inner := string(quoted[1 : len(quoted)-1])
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(inner) + "%"
}

func excerpt(messages string) Excerpt {
	ms, err := example.ParseMessages([]byte(messages))
	if err != nil {
		return Excerpt{} // stored messages always parse; a list need not fail for one that does not
	}
	var x Excerpt
	for _, m := range ms {
		switch {
		case m.Role == example.User && x.Answer == "":
			x.Question = example.Excerpt(m.Content, excerptSize)
		case m.Role == example.Assistant && m.Content != "":
			x.Answer = example.Excerpt(m.Content, excerptSize)
		case m.Role == example.Assistant && len(m.ToolCalls) > 0:
			x.Answer = example.Excerpt(m.ToolCalls[0].Name+" "+m.ToolCalls[0].Arguments, excerptSize)
		}
	}
	return x
}

// A cursor is the id it stands at, and for one that goes back a mark.
func formatCursor(at uuid.UUID, back bool) string {
	b := at[:]
	if back {
		b = append(slices.Clone(b), 'b')
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = errors.New("cursor")

func parseCursor(s string) (at uuid.UUID, back bool, err error) {
	if s == "" {
		return uuid.Nil, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 16 || len(b) > 17 || len(b) == 17 && b[16] != 'b' {
		return uuid.Nil, false, fault.Wrap(fault.Invalid, errCursor, "The cursor is not one of ours. Start again without it.")
	}
	return uuid.UUID(b[:16]), len(b) == 17, nil
}
