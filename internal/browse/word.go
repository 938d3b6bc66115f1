package browse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// A Word asks for the last word on an example: the newest approval, rejection or
// question to a specialist that was not taken back, of one person or of anybody.
// Answers to checks whose right verdict is known are a person's word and not the
// example's. Empty fields ask for nothing.
type Word struct {
	Reviewer string // whose, an id; empty: the example's own
	Verdict  string // approve, reject or escalate
	Reason   string // of a rejection: a slug or name of the catalog, OwnWords, or what somebody wrote
	Since    string // the first day (UTC) that counts, as 2026-11-16
	Until    string // the last day that counts
}

// OwnWords is the Reason of rejections for none of the catalog's reasons.
const OwnWords = "own-words"

// Verdicts are those that can be a last word.
var Verdicts = []string{string(example.Approve), string(example.Reject), string(example.Escalate)}

// A period is so long that every decision lies within it.
const firstDay, lastDay = "2000-01-01", "9999-12-30"

func (w Word) validate() error {
	fields := map[string]string{}
	if _, err := uuid.Parse(w.Reviewer); err != nil && w.Reviewer != "" {
		fields["reviewer"] = "Use the id of a person."
	}
	if w.Verdict != "" && !slices.Contains(Verdicts, w.Verdict) {
		fields["verdict"] = "Use approve, reject or escalate."
	}
	if w.Reason != "" && w.Verdict != "" && w.Verdict != string(example.Reject) {
		fields["reason"] = "Only a rejection has a reason."
	}
	checkDays(fields, map[string]string{"since": w.Since, "until": w.Until})
	if len(fields) > 0 {
		return fault.Fields("There is no such decision.", fields)
	}
	return nil
}

// checkDays says of days, by name, which are none; empty ones are left out.
func checkDays(problems, days map[string]string) {
	for name, day := range days {
		if t, err := time.Parse(time.DateOnly, day); day != "" && (err != nil || t.Year() < 2000) {
			problems[name] = "Write a day like 2026-11-16."
		}
	}
}

// reasonKeys are the keys that w.Reason stands for; other says that it stands for
// all but those.
func (s *Service) reasonKeys(ctx context.Context, reason string) (keys []string, other bool, err error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("reasons to reject: %w", err)
	}
	names := c.ReasonNames()
	wanted, known := names[catalog.ReasonKey(reason)]
	for key, name := range names {
		if reason == OwnWords || known && name == wanted {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 && reason != OwnWords {
		keys = []string{catalog.ReasonKey(reason)}
	}
	slices.Sort(keys)
	return keys, reason == OwnWords, nil
}

// catalog is the one in force; before any was stored, the built-in one.
func (s *Service) catalog(ctx context.Context) (*catalog.Catalog, error) {
	q := db.New(s.db)
	version, err := q.CatalogVersion(ctx, s.dataset)
	if err != nil {
		return nil, err
	}
	row, err := q.CatalogDocument(ctx, s.dataset, version)
	if errors.Is(err, pgx.ErrNoRows) {
		return catalog.Default()
	}
	if err != nil {
		return nil, err
	}
	return catalog.Decode([]byte(row.Document))
}

// wordArgs are the arguments of wordCandidates and wordCondition.
func (s *Service) wordArgs(ctx context.Context, w Word) (args pgx.NamedArgs, other bool, err error) {
	args = pgx.NamedArgs{"reviewer": uuid.Nil, "verdicts": Verdicts, "keys": []string{}, "since": firstDay, "until": lastDay}
	if w.Reviewer != "" {
		args["reviewer"] = uuid.MustParse(w.Reviewer) // validate saw it
	}
	if w.Verdict != "" {
		args["verdicts"] = []string{w.Verdict}
	}
	if w.Since != "" {
		args["since"] = w.Since
	}
	if w.Until != "" {
		args["until"] = w.Until
	}
	if w.Reason != "" {
		var keys []string
		if keys, other, err = s.reasonKeys(ctx, w.Reason); err != nil {
			return nil, false, err
		}
		args["keys"], args["verdicts"] = keys, []string{string(example.Reject)}
	}
	return args, other, nil
}

// Decisions in the time asked for: days are UTC.
const wordPeriod = ` AND d.created_at >= (@since::text)::date::timestamp AT TIME ZONE 'UTC'
	AND d.created_at < ((@until::text)::date + 1)::timestamp AT TIME ZONE 'UTC'`

// wordCandidate walks decisions that may be last words, by example.
func (s *Service) wordCandidate(ctx context.Context, w Word) (candidate, error) {
	args, other, err := s.wordArgs(ctx, w)
	if err != nil {
		return candidate{}, err
	}
	from, part := `unnest(@verdicts::text[])`, `d.verdict = part`
	switch {
	case w.Reviewer != "":
		part += ` AND d.reviewer_id = @reviewer`
	case w.Reason != "" && !other:
		from, part = `unnest(@keys::text[])`, `d.verdict = 'reject' AND word_reason(d.reason) = part`
	}
	return candidate{
		sql: `SELECT id FROM ` + from + ` AS part CROSS JOIN LATERAL (
		          SELECT d.example_id AS id FROM decisions d
		           WHERE d.dataset_id = @dataset AND d.verdict IN ('approve', 'reject', 'escalate') AND ` + part + wordPeriod + ` AND d.example_id CMP @at
		           ORDER BY d.example_id DIR LIMIT @limit) AS found
		       ORDER BY id DIR LIMIT @limit`,
		args: args, inexact: true,
	}, nil
}

// wordCondition holds examples e against w. Of those that blind may still judge, only
// their own word counts: a list must not tell what others said.
func (s *Service) wordCondition(ctx context.Context, w Word, blind uuid.UUID) (string, pgx.NamedArgs, error) {
	args, other, err := s.wordArgs(ctx, w)
	if err != nil {
		return "", nil, err
	}
	whose, reason, seen := `d.kind <> 'gold'`, ``, ``
	if w.Reviewer != "" {
		whose = `d.reviewer_id = @reviewer`
	}
	switch {
	case other:
		reason = ` AND word_reason(d.reason) <> ALL(@keys::text[])`
	case w.Reason != "":
		reason = ` AND word_reason(d.reason) = ANY(@keys::text[])`
	}
	if blind != uuid.Nil {
		args["blind"] = blind
		seen = ` AND (d.reviewer_id = @blind OR e.status <> 'pending' AND NOT EXISTS (
			SELECT FROM leases l JOIN looks k ON k.dataset_id = l.dataset_id AND k.id = l.look_id
			 WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.reviewer_id = @blind AND k.closed_at IS NULL))`
	}
	return `EXISTS (SELECT FROM (
		SELECT d.* FROM (SELECT * FROM decisions x WHERE x.dataset_id = e.dataset_id AND x.example_id = e.id OFFSET 0) AS d
		 WHERE d.verdict IN ('approve', 'reject', 'escalate') AND ` + whose + `
		   AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
		 ORDER BY d.id DESC LIMIT 1) AS d
		WHERE d.verdict = ANY(@verdicts::text[])` + reason + wordPeriod + seen + `)`, args, nil
}

// A Person had the last word on some example.
type Person struct {
	ID   uuid.UUID
	Name string // empty: not somebody with an account
}

// People lists who had the last word on any example, by name, at most 500.
func (s *Service) People(ctx context.Context) ([]Person, error) {
	rows, err := db.New(s.db).WordPeople(ctx, s.dataset)
	if err != nil {
		return nil, fmt.Errorf("list people who decided: %w", err)
	}
	var list []Person
	for _, r := range rows {
		list = append(list, Person(r))
	}
	return list, nil
}
