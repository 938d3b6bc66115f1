package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func batches(n int) func(*ingest.Config) {
	return func(c *ingest.Config) { c.BatchRows = n }
}

// shapes are the same rows in each kind of file that a run may have to resume.
func shapes(t testing.TB, lines []byte) map[string][]byte {
	return map[string][]byte{
		"lines": lines, "array": array(validOnly(lines)), "gzip": gzipped(t, lines), "zstd array": zstandard(t, array(validOnly(lines))),
		"csv": asCSV(lines),
	}
}

// validOnly leaves out the lines that are not JSON.
func validOnly(lines []byte) []byte {
	var out []byte
	for line := range bytes.Lines(lines) {
		if bytes.HasSuffix(line, []byte("}\n")) {
			out = append(out, line...)
		}
	}
	return out
}

// asCSV is as many rows in columns, some of them wanting.
func asCSV(lines []byte) []byte {
	out := []byte("prompt,completion,category\r\n")
	for i := range bytes.Count(lines, []byte("\n")) {
		switch {
		case i%17 == 3:
			out = append(out, "only one field\r\n"...)
		default:
			out = fmt.Appendf(out, "\"ask %d,\nand more\",answer %d,ai_coach\r\n", i%200, i%200)
		}
	}
	return out
}

// undisturbed imports data in one go and returns what came of it.
func undisturbed(t testing.TB, data []byte) (tally, []string) {
	w := open(t)
	run := w.bring(data, "f")
	if run.Rows == 0 || run.Inserted == 0 || run.Duplicates == 0 {
		t.Fatalf("%+v: not worth resuming", tallyOf(run))
	}
	w.sound()
	return tallyOf(run), w.content(run.ID)
}

func TestResumeAtEveryBatch(t *testing.T) {
	t.Parallel()
	for name, data := range shapes(t, mixed(210)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, content := undisturbed(t, data)
			// The first stop undoes the batch that was to be committed, the
			// second lets the database die in the instant after its commit.
			w := open(t, batches(25))
			run := w.store(data, "f")
			w.exec(`CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stumbled'; END $$`)
			stops := 0
			for after := int64(0); ; stops++ {
				w.exec("DROP TRIGGER IF EXISTS stumble ON import_runs")
				w.exec(fmt.Sprintf(`CREATE CONSTRAINT TRIGGER stumble AFTER UPDATE ON import_runs DEFERRABLE INITIALLY DEFERRED
					FOR EACH ROW WHEN (new.rows > %d AND new.rows > old.rows) EXECUTE FUNCTION stumble()`, after))
				err := w.Run(t.Context(), run.ID)
				if err == nil {
					break
				}
				now := w.state(run.ID, ingest.StateFailed)
				if now.Error == "" || now.Rows > after {
					t.Fatalf("failed with %d rows and the sentence %q, want at most %d and one", now.Rows, now.Error, after)
				}
				w.sound()
				if err := w.Run(t.Context(), run.ID); !errors.Is(err, fault.Conflict) {
					t.Fatalf("Run() of a failed import = %v, want a conflict", err)
				}
				if err := w.Resume(t.Context(), run.ID, ana); err != nil {
					t.Fatal(err)
				}
				after += 25
			}
			if stops < 7 {
				t.Errorf("stopped %d times, want at least 7", stops)
			}
			if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
				t.Errorf("after all stops (-undisturbed +resumed):\n%s", diff)
			}
			same(t, "content", content, w.content(run.ID))
			w.sound()
		})
	}
}

func TestStoppedAnywhere(t *testing.T) {
	t.Parallel()
	for name, data := range shapes(t, mixed(600)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, content := undisturbed(t, data)
			w := open(t)
			run := w.store(data, "f")
			rng := rand.New(rand.NewPCG(3, 4))
			stops := 0
			for range 20 {
				ctx, cancel := context.WithCancel(t.Context())
				var left atomic.Int64
				left.Store(rng.Int64N(120) + 1)
				s := service(t, w.pool, batches(20), func(c *ingest.Config) {
					c.Checks = checks(func(s lint.Subject) []lint.Finding {
						if left.Add(-1) == 0 {
							cancel()
						}
						return check(s)
					})
				})
				err := s.Run(ctx, run.ID)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("Run() = %v, want canceled", err)
				}
				stops++
				w.state(run.ID, ingest.StateQueued)
				w.sound()
			}
			if stops < 3 {
				t.Errorf("stopped %d times only", stops)
			}
			if err := w.Run(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
				t.Errorf("after all stops (-undisturbed +resumed):\n%s", diff)
			}
			same(t, "content", content, w.content(run.ID))
			w.sound()
		})
	}
}

// TestDatabaseDropsConnections has the server throw out every connection
// again and again: the run goes on by itself.
func TestDatabaseDropsConnections(t *testing.T) {
	t.Parallel()
	data := mixed(1500)
	want, content := undisturbed(t, data)
	w := open(t)
	run := w.store(data, "f")
	admin, err := pgxpool.New(t.Context(), pgtest.Server(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	name := one[string](w, "SELECT current_database()::text")
	var rows atomic.Int64
	s := service(t, w.pool, batches(50), func(c *ingest.Config) {
		c.Checks = checks(func(s lint.Subject) []lint.Finding {
			if n := rows.Add(1); n%300 == 0 && n <= 1500 {
				if _, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
					t.Error(err)
				}
			}
			return check(s)
		})
	})
	if err := s.Run(t.Context(), run.ID); err != nil {
		t.Fatalf("Run() = %v, want it to go on by itself", err)
	}
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-undisturbed +disturbed):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	w.sound()
}

const (
	envVictimDatabase = "SPOTTER_TEST_VICTIM_DATABASE"
	envVictimRun      = "SPOTTER_TEST_VICTIM_RUN"
)

// TestMain lets the test program be the process that TestKilled kills.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(envVictimDatabase); dsn != "" {
		pool, err := pgxpool.New(context.Background(), dsn)
		if err == nil {
			cfg := config(pool)
			cfg.BatchRows = 100
			err = ingest.New(cfg).Run(context.Background(), uuid.MustParse(os.Getenv(envVictimRun)))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestKilled kills a process that imports, with a signal it can't see, at
// random moments, and then sees what another makes of it.
func TestKilled(t *testing.T) {
	t.Parallel()
	data := mixed(12_000)
	want, content := undisturbed(t, data)
	url := pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &world{t: t, pool: pool, Service: service(t, pool)}
	w.exec("INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", dataset)
	run := w.store(data, "f")
	rng := rand.New(rand.NewPCG(5, 6))
	killed := 0
	for range 12 {
		victim := exec.CommandContext(t.Context(), os.Args[0])
		victim.Env = append(os.Environ(), envVictimDatabase+"="+url, envVictimRun+"="+run.ID.String())
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		// Wait until it has moved some way, then strike.
		goal := w.rows(run.ID) + rng.Int64N(900)
		dead := make(chan error, 1)
		go func() { dead <- victim.Wait() }()
		for done := false; !done; {
			select {
			case err := <-dead:
				if err != nil {
					t.Fatalf("the process ended by itself: %v", err)
				}
				done = true
			default:
				if w.rows(run.ID) >= goal && w.stateOf(run.ID) == ingest.StateRunning {
					if err := victim.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
						t.Fatal(err)
					}
					<-dead
					killed++
					done = true
				}
			}
		}
		if w.stateOf(run.ID) == ingest.StateDone {
			break
		}
		if left, err := w.Interrupted(t.Context()); err != nil || len(left) != 0 {
			t.Fatalf("Interrupted() at once = %v, %v; want none before 30 seconds of silence", left, err)
		}
		w.exec("UPDATE import_runs SET heartbeat_at = heartbeat_at - interval '31 seconds'")
		if left, err := w.Interrupted(t.Context()); err != nil || !slices.Equal(left, []uuid.UUID{run.ID}) {
			t.Fatalf("Interrupted() = %v, %v; want %s", left, err, run.ID)
		}
		w.sound()
	}
	if killed < 5 {
		t.Errorf("killed %d times only", killed)
	}
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-undisturbed +killed):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	w.sound()
}

func (w *world) rows(id uuid.UUID) int64 {
	w.t.Helper()
	return one[int64](w, "SELECT rows FROM import_runs WHERE id = $1", id)
}

func (w *world) stateOf(id uuid.UUID) ingest.State {
	w.t.Helper()
	return ingest.State(one[string](w, "SELECT state FROM import_runs WHERE id = $1", id))
}

// gate holds a service's workers at a row until it is opened.
type gate struct {
	reached chan struct{} // closed when the row is there
	open    chan struct{} // close it to let it pass
	once    sync.Once
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

// at has the gate stand before row n that is checked.
func (g *gate) at(n int64) func(*ingest.Config) {
	var seen atomic.Int64
	return func(c *ingest.Config) {
		c.BatchRows = 10
		c.Checks = checks(func(s lint.Subject) []lint.Finding {
			if seen.Add(1) == n {
				g.once.Do(func() { close(g.reached) })
				<-g.open
			}
			return check(s)
		})
	}
}

func TestZombieCannotCommit(t *testing.T) {
	t.Parallel()
	data := mixed(300)
	want, content := undisturbed(t, data)
	w := open(t)
	run := w.store(data, "f")
	g := newGate()
	zombie := service(t, w.pool, g.at(150))
	ended := make(chan error, 1)
	go func() { ended <- zombie.Run(t.Context(), run.ID) }()
	<-g.reached
	if err := w.Run(t.Context(), run.ID); !errors.Is(err, ingest.ErrBusy) || !errors.Is(err, fault.Conflict) {
		t.Fatalf("a second Run() = %v, want busy", err)
	}
	if err := w.Resume(t.Context(), run.ID, ana); !errors.Is(err, fault.Conflict) {
		t.Fatalf("Resume() of a running import = %v, want a conflict", err)
	}
	w.exec("UPDATE import_runs SET heartbeat_at = now() - interval '31 seconds'")
	if r := w.state(run.ID, ingest.StateRunning); !r.Interrupted {
		t.Error("a run whose worker is silent does not show as interrupted")
	}
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Fatalf("Run() of one left behind = %v", err)
	}
	close(g.open)
	if err := <-ended; !errors.Is(err, ingest.ErrBusy) {
		t.Errorf("the zombie's Run() = %v, want busy", err)
	}
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-undisturbed +with a zombie):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	w.sound()
}

func TestManyWorkersOneRun(t *testing.T) {
	t.Parallel()
	data := mixed(1000)
	want, content := undisturbed(t, data)
	w := open(t)
	run := w.store(data, "f")
	var wg sync.WaitGroup
	for range 6 {
		s := service(t, w.pool, batches(30))
		wg.Go(func() {
			if err := s.Run(t.Context(), run.ID); err != nil && !errors.Is(err, ingest.ErrBusy) {
				t.Errorf("Run() = %v", err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-alone +together):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	w.sound()
}

func TestTwoFilesAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t, batches(40))
	whole := mixed(2000)
	half := bytes.Index(whole[len(whole)/2:], []byte("\n")) + len(whole)/2 + 1
	third := bytes.Index(whole[len(whole)/3:], []byte("\n")) + len(whole)/3 + 1
	a := w.store(whole[:half], "first half") // the middle is in both
	b := w.store(whole[third:], "last two thirds")
	var wg sync.WaitGroup
	for _, id := range []uuid.UUID{a.ID, b.ID} {
		wg.Go(func() {
			if err := w.Run(t.Context(), id); err != nil {
				t.Errorf("Run() = %v", err)
			}
		})
	}
	wg.Wait()
	a, b = w.state(a.ID, ingest.StateDone), w.state(b.ID, ingest.StateDone)
	alone := open(t)
	want := alone.bring(whole, "whole")
	if got := a.Inserted + b.Inserted; got != want.Inserted {
		t.Errorf("together %d examples, want %d", got, want.Inserted)
	}
	hashes := "SELECT encode(hash, 'hex') FROM examples ORDER BY 1"
	same(t, "hashes", query[string](alone, hashes), query[string](w, hashes))
	w.sound()
}

// TestSameBytesAtOnce stores one file from several sides at the same moment.
func TestSameBytesAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	data := mixed(5000)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			run, err := w.Store(t.Context(), bytes.NewReader(data), ingest.Upload{Name: strconv.Itoa(i), Channel: ingest.ChannelAPI, By: ana})
			if err != nil {
				t.Errorf("Store() = %v", err)
				return
			}
			if err := w.Run(t.Context(), run.ID); err != nil {
				t.Errorf("Run() = %v", err)
			}
		})
	}
	wg.Wait()
	if n := one[int](w, "SELECT count(*) FROM sources"); n != 1 {
		t.Errorf("%d sources, want one", n)
	}
	if n := one[int](w, "SELECT count(*) FROM import_runs WHERE repeat_of IS NOT NULL"); n != 4 {
		t.Errorf("%d repeats, want four", n)
	}
	w.sound()
}

func TestCancelAndResume(t *testing.T) {
	t.Parallel()
	data := mixed(300)
	want, content := undisturbed(t, data)
	queued := 0
	w := open(t, func(c *ingest.Config) {
		c.Enqueue = func(context.Context, pgx.Tx, uuid.UUID) error { queued++; return nil }
	})
	run := w.store(data, "f")
	g := newGate()
	running := service(t, w.pool, g.at(100))
	ended := make(chan error, 1)
	go func() { ended <- running.Run(t.Context(), run.ID) }()
	<-g.reached
	for range 2 { // asking twice is asking once
		if err := w.Cancel(t.Context(), run.ID, ana); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.state(run.ID, ingest.StateRunning); !r.CancelAsked {
		t.Error("the run does not say that it is being cancelled")
	}
	close(g.open)
	if err := <-ended; err != nil {
		t.Errorf("Run() of a cancelled import = %v, want nil", err)
	}
	stopped := w.state(run.ID, ingest.StateCancelled)
	if stopped.Rows >= want.Rows {
		t.Errorf("%d rows of %d are in after cancelling at the hundredth", stopped.Rows, want.Rows)
	}
	if err := w.Cancel(t.Context(), run.ID, ana); !errors.Is(err, fault.Conflict) {
		t.Errorf("Cancel() of a cancelled import = %v, want a conflict", err)
	}
	w.sound()

	if err := w.Resume(t.Context(), run.ID, ana); err != nil {
		t.Fatal(err)
	}
	if err := w.Cancel(t.Context(), run.ID, ana); err != nil { // while it waits: at once
		t.Fatal(err)
	}
	w.state(run.ID, ingest.StateCancelled)
	if err := w.Resume(t.Context(), run.ID, ana); err != nil {
		t.Fatal(err)
	}
	if err := w.Resume(t.Context(), run.ID, ana); !errors.Is(err, fault.Conflict) {
		t.Errorf("Resume() of a waiting import = %v, want a conflict", err)
	}
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-undisturbed +cancelled and resumed):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	if err := w.Resume(t.Context(), run.ID, ana); !errors.Is(err, fault.Conflict) {
		t.Errorf("Resume() of a finished import = %v, want a conflict", err)
	}
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Errorf("Run() of a finished import = %v, want nil", err)
	}
	if queued != 3 {
		t.Errorf("queued %d times, want once for Store and twice for Resume", queued)
	}
	got := query[string](w, "SELECT actor || ' ' || action FROM audit_log ORDER BY id")
	same(t, "the record", []string{
		"ana import.started", "ana import.cancel_asked", "importer import.cancelled",
		"ana import.resumed", "ana import.cancelled", "ana import.resumed", "importer import.finished",
	}, got)
	w.sound()
}

// TestDatabaseRefuses has the database refuse a batch: once for a hash that
// somebody else put in meanwhile, which is worth another try, and for a full
// disk, which is for people to mend.
func TestDatabaseRefuses(t *testing.T) {
	t.Parallel()
	data := mixed(100)
	want, content := undisturbed(t, data)
	w := open(t, batches(30))
	w.exec("CREATE SEQUENCE times")
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		CASE nextval('times')
		WHEN 1 THEN RAISE unique_violation USING CONSTRAINT = 'examples_hash_key';
		WHEN 3 THEN RAISE disk_full;
		ELSE RETURN NULL;
		END CASE;
	END $$`)
	w.exec("CREATE TRIGGER refuse AFTER INSERT ON examples FOR EACH STATEMENT EXECUTE FUNCTION refuse()")
	run := w.store(data, "f")
	if err := w.Run(t.Context(), run.ID); err == nil {
		t.Fatal("Run() on a full disk = nil")
	}
	if r := w.state(run.ID, ingest.StateFailed); !strings.Contains(r.Error, "disk") || r.Rows != 30 {
		t.Errorf("%d rows and the sentence %q, want 30 and one of the disk", r.Rows, r.Error)
	}
	if err := w.Resume(t.Context(), run.ID, ana); err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tallyOf(w.state(run.ID, ingest.StateDone))); diff != "" {
		t.Errorf("(-undisturbed +refused):\n%s", diff)
	}
	same(t, "content", content, w.content(run.ID))
	w.sound()
}

// TestHeartbeat holds a run up and sees that it shows signs of life, and that
// its worker lets go of it when it is somebody else's.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.store(mixed(50), "f")
	g := newGate()
	s := service(t, w.pool, g.at(5), func(c *ingest.Config) { c.Workers = 1 }) // nothing else moves
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context(), run.ID) }()
	<-g.reached
	beat := "SELECT heartbeat_at FROM import_runs"
	first := one[time.Time](w, beat)
	for deadline := time.Now().Add(time.Minute); !one[time.Time](w, beat).After(first); {
		if time.Now().After(deadline) {
			t.Fatal("no sign of life for a minute")
		}
		w.exec("SELECT pg_sleep(0.05)")
	}
	rows := one[int64](w, "UPDATE import_runs SET worker = $1 RETURNING rows", uuid.New())
	close(g.open)
	if err := <-ended; !errors.Is(err, ingest.ErrBusy) {
		t.Errorf("Run() of a run taken away = %v, want busy", err)
	}
	if now := w.rows(run.ID); now != rows {
		t.Errorf("%d rows, %d when the run was taken away", now, rows)
	}
	w.sound()
}

func TestUnknownImport(t *testing.T) {
	t.Parallel()
	w := open(t)
	id := uuid.New()
	for name, err := range map[string]error{
		"Run": w.Run(t.Context(), id), "Cancel": w.Cancel(t.Context(), id, ana), "Resume": w.Resume(t.Context(), id, ana),
	} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s() of no import = %v, want not found", name, err)
		}
	}
}

func TestCrashOfOneRow(t *testing.T) {
	t.Parallel()
	w := open(t, func(c *ingest.Config) {
		c.Checks = checks(func(s lint.Subject) []lint.Finding {
			if s.Conversation.Messages[0].Content == "boom" {
				panic("a rule went wrong")
			}
			return nil
		})
	})
	run := w.bring([]byte(chat("ai_coach", "a", "b")+"\n"+chat("ai_coach", "boom", "b")+"\n"+chat("ai_coach", "c", "d")+"\n"), "f")
	if diff := cmp.Diff(tally{3, 2, 0, 1}, tallyOf(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.sound()
}

func TestWorker(t *testing.T) {
	t.Parallel()
	w := open(t)
	run := w.store(mixed(100), "f")
	worker := &ingest.Worker{Service: w.Service}
	job := func(id uuid.UUID) *river.Job[ingest.RunArgs] {
		return &river.Job[ingest.RunArgs]{Args: ingest.RunArgs{ImportID: id}}
	}
	if worker.Timeout(nil) >= 0 {
		t.Error("a long import would be cut short")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	var snooze *river.JobSnoozeError
	if err := worker.Work(stopped, job(run.ID)); !errors.As(err, &snooze) || snooze.Duration != 0 {
		t.Errorf("Work() when the process stops = %v, want to be called again at the next start", err)
	}
	w.exec("UPDATE import_runs SET state = 'running', worker = $1, heartbeat_at = now()", uuid.New())
	if err := worker.Work(t.Context(), job(run.ID)); !errors.As(err, &snooze) || snooze.Duration < 10*time.Second {
		t.Errorf("Work() of a run in other hands = %v, want to be called again later", err)
	}
	w.exec("UPDATE import_runs SET state = 'queued', worker = NULL")
	if err := worker.Work(t.Context(), job(run.ID)); err != nil {
		t.Errorf("Work() = %v", err)
	}
	w.state(run.ID, ingest.StateDone)
	var cancel *river.JobCancelError
	if err := worker.Work(t.Context(), job(uuid.New())); !errors.As(err, &cancel) {
		t.Errorf("Work() of no import = %v, want the job cancelled", err)
	}
}
