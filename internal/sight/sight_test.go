package sight_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/sight"
)

// verdict is the moment of the first verdict in these tests.
var verdict = time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// judge writes down that somebody approved a revision and returns the decision.
func judge(t *testing.T, pool *pgxpool.Pool, id, who uuid.UUID, revision int, at time.Time) uuid.UUID {
	t.Helper()
	decision := uuid.New()
	exec(t, pool, `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, status_before, status_after, request_key, created_at)
		VALUES ($1, $2::uuid, $3, $4, $5, 'approve', 'pending', 'pending', $2::uuid::text, $6)`, exampletest.Dataset, decision, id, who, revision, at)
	return decision
}

// TestWhoSeesWhat asks for every kind of viewer what they may see of an example on
// which somebody else gave a verdict, in every status.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const (
		nothing = "their own and what came before"
		all     = "everything"
	)
	viewers := []struct {
		name   string
		viewer sight.Viewer
		judged bool // gave a verdict too
		looks  bool // holds a hidden look
		// sees is what the viewer sees while the example is pending, decided
		// (approved or rejected) and escalated.
		pending, decided, escalated string
	}{
		{"a coach", sight.Viewer{Reviews: true}, false, false, nothing, all, all},
		{"a coach who judged", sight.Viewer{Reviews: true}, true, false, all, all, all},
		{"a coach who is asked", sight.Viewer{Reviews: true, Asked: true}, false, false, nothing, nothing, all},
		{"a coach with a hidden look", sight.Viewer{Reviews: true}, false, true, nothing, nothing, all},
		{"a lead", sight.Viewer{Reviews: true, Leads: true}, false, false, all, all, all},
		{"a lead who is asked", sight.Viewer{Reviews: true, Leads: true, Asked: true}, false, false, nothing, nothing, all},
		{"a lead with a hidden look", sight.Viewer{Reviews: true, Leads: true}, false, true, nothing, nothing, all},
		{"who only reads", sight.Viewer{}, false, false, all, all, all},
		{"who only reads, asked", sight.Viewer{Asked: true}, false, false, all, all, all},
	}
	for k, status := range []example.Status{example.Pending, example.Approved, example.Rejected, example.Escalated} {
		ids := exampletest.Insert(t, pool, len(viewers), exampletest.Seed{
			Status: status, Conversation: func(i int) example.Conversation { return exampletest.Conversation(100*k + i) },
		})
		for i, tt := range viewers {
			t.Run(string(status)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				id, v := ids[i], tt.viewer
				v.ID = uuid.New()
				other := uuid.New()
				judge(t, pool, id, other, 1, verdict)
				if tt.judged {
					judge(t, pool, id, v.ID, 1, verdict.Add(time.Hour))
				}
				if tt.looks {
					look := uuid.New()
					exec(t, pool, `INSERT INTO looks (dataset_id, id, example_id, revision, kind, category) VALUES ($1, $2, $3, 1, 'gold', 'voice_parsing')`,
						exampletest.Dataset, look, id)
					exec(t, pool, `INSERT INTO leases (dataset_id, example_id, reviewer_id, expires_at, look_id) VALUES ($1, $2, $3, now() + interval '1 hour', $4)`,
						exampletest.Dataset, id, v.ID, look)
				}
				want := map[example.Status]string{
					example.Pending: tt.pending, example.Approved: tt.decided, example.Rejected: tt.decided, example.Escalated: tt.escalated,
				}[status] == all
				s, err := sight.Of(t.Context(), pool, exampletest.Dataset, id, v)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range []struct {
					what string
					got  bool
					want bool
				}{
					{"whole", s.Whole(), want},
					{"another's words from before the first verdict", s.Sees(other, verdict.Add(-time.Second)), true},
					{"another's words from the moment of the first verdict", s.Sees(other, verdict), want},
					{"another's words from now on", s.SeesNext(other), want},
					{"what the program itself says", s.SeesNext(uuid.Nil), want},
					{"their own words", s.SeesNext(v.ID), true},
					{"another's later words tell something", s.Tells(other, verdict), true},
					{"another's earlier words tell something", s.Tells(other, verdict.Add(-time.Second)), false},
					{"their own words tell something", s.Tells(v.ID, verdict), false},
				} {
					if c.got != c.want {
						t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
					}
				}
			})
		}
	}
}

// TestFirstVerdict says from when on words are hidden: from the first verdict on the
// current revision that still holds.
func TestFirstVerdict(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	other := uuid.New()
	coach := sight.Viewer{ID: uuid.New(), Reviews: true}
	ids := exampletest.Insert(t, pool, 4, exampletest.Seed{})
	for i, tt := range []struct {
		name string
		play func(t *testing.T, id uuid.UUID)
		open bool // what the other says after the verdict is open to all
	}{
		{"nobody judged", func(*testing.T, uuid.UUID) {}, true},
		{"somebody judged", func(t *testing.T, id uuid.UUID) { judge(t, pool, id, other, 1, verdict) }, false},
		{"who judged took it back", func(t *testing.T, id uuid.UUID) {
			d := judge(t, pool, id, other, 1, verdict)
			exec(t, pool, `INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, status_before, status_after, undoes, request_key)
				VALUES ($1, $2::uuid, $3, $4, 1, 'undo', 'pending', 'pending', $5, $2::uuid::text)`, exampletest.Dataset, uuid.New(), id, other, d)
		}, true},
		{"somebody judged an earlier revision", func(t *testing.T, id uuid.UUID) {
			judge(t, pool, id, other, 1, verdict)
			exec(t, pool, `INSERT INTO revisions (dataset_id, example_id, revision, messages, tools, metadata, strict, tokens, plain_tokens, hash)
				SELECT dataset_id, example_id, 2, messages, tools, metadata, strict, tokens, plain_tokens, hash FROM revisions WHERE dataset_id = $1 AND example_id = $2`, exampletest.Dataset, id)
			exec(t, pool, `UPDATE examples SET revision = 2 WHERE dataset_id = $1 AND id = $2`, exampletest.Dataset, id)
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			id := ids[i]
			tt.play(t, id)
			s, err := sight.Of(t.Context(), pool, exampletest.Dataset, id, coach)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Sees(other, verdict.Add(time.Minute)); got != tt.open {
				t.Errorf("sees what was said after it: %v, want %v", got, tt.open)
			}
		})
	}
	if _, err := sight.Of(t.Context(), pool, exampletest.Dataset, uuid.New(), coach); !isNotFound(err) {
		t.Errorf("no such example: %v, want not found", err)
	}
}

func isNotFound(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Kind == fault.NotFound
}

// TestNote notes twice what somebody was shown: it is one sighting, of the revision
// that was current.
func TestNote(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id, who := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0], uuid.New()
	exec(t, pool, `INSERT INTO users (id, email, name, role) VALUES ($1, 'ana@example.com', 'Ana', 'reviewer')`, who)
	for range 2 {
		if err := sight.Note(t.Context(), pool, exampletest.Dataset, id, who); err != nil {
			t.Fatal(err)
		}
	}
	if err := sight.Note(t.Context(), pool, exampletest.Dataset, uuid.New(), who); err != nil {
		t.Errorf("an example that is gone meanwhile: %v, want nothing noted and no error", err)
	}
	var n, revision int
	if err := pool.QueryRow(t.Context(), `SELECT count(*), max(revision) FROM sightings WHERE user_id = $1`, who).Scan(&n, &revision); err != nil {
		t.Fatal(err)
	}
	if n != 1 || revision != 1 {
		t.Errorf("%d sightings, newest of revision %d; want one of revision 1", n, revision)
	}
}
