package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/review"
)

// reviewers is how many people work on one queue at once.
const reviewers = 32

// queuePart measures claim and decide through the service against the same
// statements by pgbench.
func (b *bench) queuePart(ctx context.Context) ([]result, error) {
	fmt.Fprintln(b.progress, "claiming and deciding")
	category, err := b.largest(ctx)
	if err != nil {
		return nil, err
	}
	ours, err := b.decide(ctx, category)
	if err != nil {
		return nil, err
	}
	// The reference starts from the same full queue.
	for _, sql := range []string{"DELETE FROM leases", "UPDATE examples SET status = 'pending' WHERE status <> 'pending'"} {
		if _, err := b.pool.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	if _, err := b.pool.Exec(ctx, "VACUUM ANALYZE examples, leases, decisions, audit_log, counters"); err != nil {
		return nil, err
	}
	reference, how, err := b.pgbench(ctx, category)
	if err != nil {
		return nil, err
	}
	return []result{against("claim and decide", "decisions/s", ours, reference, 0.4,
		fmt.Sprintf("%d reviewers, one queue, one claimed at a time, each decision with its audit entry; reference: %s", reviewers, how))}, nil
}

// largest is the shelf with the most pending examples.
func (b *bench) largest(ctx context.Context) (review.Queue, error) {
	var q review.Queue
	err := b.pool.QueryRow(ctx, "SELECT category, subcategory FROM counters WHERE status = 'pending' GROUP BY 1, 2 ORDER BY sum(examples) DESC LIMIT 1").Scan(&q.Category, &q.Subcategory)
	return q, err
}

func (b *bench) decide(ctx context.Context, q review.Queue) (perSecond float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.seconds+time.Minute)
	defer cancel()
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for i := range reviewers {
		wg.Go(func() {
			who := audit.Actor{ID: uuid.New(), Name: fmt.Sprintf("Reviewer %d", i)}
			for time.Since(start) < b.seconds {
				leases, err := b.review.Claim(ctx, who.ID, q, 1)
				if err != nil || len(leases) == 0 {
					if err != nil {
						failed.Store(&err)
					}
					return
				}
				if _, err := b.review.Decide(ctx, review.Decision{
					ExampleID: leases[0].ExampleID, Reviewer: who, Revision: 1, Verdict: example.Reject, Reason: "bench", RequestKey: uuid.NewString(),
				}); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	if p := failed.Load(); p != nil {
		return 0, *p
	}
	return float64(done.Load()) / took.Seconds(), nil
}

// script is what one claim and one decision ask of the database, as pgbench runs
// it, each client from where it was. It must follow db/queries/review.sql; what it leaves out is only what Go
// does between the statements.
const script = `
SELECT category, subcategory, coalesce(sum(examples) FILTER (WHERE status = 'pending'), 0)::bigint, coalesce(sum(examples) FILTER (WHERE status = 'approved'), 0)::bigint FROM counters
 WHERE dataset_id = %[1]s AND category = %[2]s AND subcategory = %[3]s
 GROUP BY category, subcategory HAVING sum(examples) FILTER (WHERE status = 'pending') > 0 ORDER BY category, subcategory LIMIT 1000;
WITH next AS (
    SELECT e.id, e.suspicion FROM examples e
     WHERE e.dataset_id = %[1]s AND e.category = %[2]s AND e.subcategory = %[3]s AND e.status = 'pending'
       AND ((-e.suspicion)::smallint, e.id) > (:place::smallint, :after::uuid)
       AND NOT EXISTS (SELECT FROM leases l WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM (SELECT * FROM decisions x WHERE x.dataset_id = e.dataset_id AND x.example_id = e.id ORDER BY x.id OFFSET 0) AS d
             WHERE d.reviewer_id = md5(concat('reviewer', :client_id::int))::uuid 
             AND (d.verdict = 'skip' OR d.verdict <> 'undo' AND coalesce(d.new_revision, d.revision) = e.revision)
             AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY (-e.suspicion)::smallint, e.id LIMIT 1 FOR NO KEY UPDATE OF e SKIP LOCKED),
taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT %[1]s, next.id, md5(concat('reviewer', :client_id::int))::uuid, now(), now() + make_interval(secs => 300) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at)
SELECT next.id AS after, (-next.suspicion)::smallint AS place, gen_random_uuid() AS decision FROM next LEFT JOIN taken ON taken.example_id = next.id ORDER BY next.suspicion DESC, next.id
\gset
BEGIN;
SELECT e.id, e.category, e.subcategory, e.status, e.revision, e.tokens, e.turns, e.errors, e.warnings, l.reviewer_id, l.look_id, coalesce(l.expires_at > now(), false)
  FROM examples e LEFT JOIN leases l ON l.dataset_id = e.dataset_id AND l.example_id = e.id
 WHERE e.dataset_id = %[1]s AND e.id = :after::uuid FOR NO KEY UPDATE OF e;
SELECT d.id, d.reviewer_id, d.verdict, d.kind, d.status_after, coalesce(d.new_revision, d.revision)::int, d.request_key,
       EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
  FROM decisions d WHERE d.dataset_id = %[1]s AND d.example_id = :after::uuid ORDER BY d.id DESC LIMIT 500;
SELECT EXISTS (SELECT FROM sightings WHERE dataset_id = %[1]s AND example_id = :after::uuid AND revision = 1 AND user_id = md5(concat('reviewer', :client_id::int))::uuid);
INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, verdict, reason, comment, override_reason, checklist, status_before, status_after, request_key, millis)
VALUES (%[1]s, :decision::uuid, :after::uuid, md5(concat('reviewer', :client_id::int))::uuid, 1, 'reject', 'bench', '', '', '[]', 'pending', 'rejected', :decision::text, 0);
DELETE FROM leases WHERE dataset_id = %[1]s AND example_id = :after::uuid;
INSERT INTO audit_log (id, dataset_id, actor_id, actor, action, object, detail)
VALUES (gen_random_uuid(), %[1]s, md5(concat('reviewer', :client_id::int))::uuid, 'Reviewer', 'example.reject', 'example/' || :after::text, '{"decision": "x", "edited": false, "revision": 1, "status": "rejected"}');
UPDATE examples SET status = 'rejected', updated_at = now() WHERE dataset_id = %[1]s AND id = :after::uuid;
COMMIT;
`

var tps = regexp.MustCompile(`tps = ([0-9.]+) \(without initial connection time\)`)

func (b *bench) pgbench(ctx context.Context, q review.Queue) (perSecond float64, how string, err error) {
	program := pgbenchPath()
	if program == "" {
		return 0, "", fmt.Errorf("pgbench is missing: install it with Postgres's client programs, or leave this out with -only")
	}
	path := filepath.Join(b.workDir, "queue.sql")
	text := fmt.Sprintf(script, quoted(b.dataset.String())+"::uuid", quoted(q.Category), quoted(q.Subcategory))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return 0, "", err
	}
	u, err := url.Parse(b.dsn)
	if err != nil {
		return 0, "", err
	}
	host, port := u.Hostname(), u.Port()
	if h := u.Query().Get("host"); h != "" {
		host = h
	}
	if p := u.Query().Get("port"); p != "" {
		port = p
	}
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-D", "after=00000000-0000-0000-0000-000000000000", "-D", "place=-32768", "-f", path, "-c", strconv.Itoa(reviewers), "-j", "2",
		"-T", strconv.Itoa(int(b.seconds.Seconds())), u.Path[1:])
	password, _ := u.User.Password()
	cmd.Env = append(os.Environ(), "PGHOST="+host, "PGPORT="+port, "PGUSER="+u.User.Username(), "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, "", fmt.Errorf("pgbench: %w: %s", err, out)
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, "", fmt.Errorf("pgbench printed no rate: %s", out)
	}
	perSecond, err = strconv.ParseFloat(string(m[1]), 64)
	return perSecond, fmt.Sprintf("the same statements by pgbench -M prepared, %d clients", reviewers), err
}

// pgbenchPath finds pgbench on PATH or beside the server's programs.
func pgbenchPath() string {
	if p, err := exec.LookPath("pgbench"); err == nil {
		return p
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
