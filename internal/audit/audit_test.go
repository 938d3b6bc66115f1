package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func write(t *testing.T, pool *pgxpool.Pool, entries ...audit.Entry) {
	t.Helper()
	for _, e := range entries { // a transaction each, so that their times differ
		if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return audit.Write(t.Context(), tx, e) }); err != nil {
			t.Fatalf("Write(%+v) = %v", e, err)
		}
	}
}

// many returns n entries whose objects are kind/0, kind/1 and so on.
func many(n int) []audit.Entry {
	var entries []audit.Entry
	for i := range n {
		entries = append(entries, audit.Entry{
			Actor: audit.Actor{Name: "server"}, Action: "test.write",
			Object: fmt.Sprintf("kind/%d", i), Detail: map[string]int{"n": i},
		})
	}
	return entries
}

func seal(t *testing.T, pool *pgxpool.Pool, want int) {
	t.Helper()
	if n, err := audit.Seal(t.Context(), pool); err != nil || n != want {
		t.Fatalf("Seal() = %d, %v; want %d and no error", n, err, want)
	}
}

func verify(t *testing.T, pool *pgxpool.Pool, known ...audit.Head) audit.Report {
	t.Helper()
	rep, err := audit.Verify(t.Context(), pool, known...)
	if err != nil {
		t.Fatalf("Verify() = %v", err)
	}
	return rep
}

func head(t *testing.T, pool *pgxpool.Pool) audit.Head {
	t.Helper()
	h, err := audit.HeadHash(t.Context(), pool)
	if err != nil {
		t.Fatalf("HeadHash() = %v", err)
	}
	return h
}

// tamper does what somebody with the database's password could do: switch off
// the triggers, take away the foreign keys, and change what is there.
func tamper(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `
			ALTER TABLE audit_log DISABLE TRIGGER USER;
			ALTER TABLE audit_seals DISABLE TRIGGER USER, DROP CONSTRAINT IF EXISTS audit_seals_entry_id_fkey;
			ALTER TABLE audit_unsealed DISABLE TRIGGER USER, DROP CONSTRAINT IF EXISTS audit_unsealed_entry_id_fkey`); err != nil {
			return err
		}
		tag, err := tx.Exec(t.Context(), sql, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errors.New("nothing was changed")
		}
		_, err = tx.Exec(t.Context(), `
			ALTER TABLE audit_log ENABLE TRIGGER USER;
			ALTER TABLE audit_seals ENABLE TRIGGER USER;
			ALTER TABLE audit_unsealed ENABLE TRIGGER USER`)
		return err
	}); err != nil {
		t.Fatalf("tamper with %q: %v", sql, err)
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	user, dataset := uuid.New(), uuid.New()
	write(t, pool,
		audit.Entry{Actor: audit.Actor{Name: "server"}, Action: "server.start"},
		audit.Entry{
			Dataset: dataset, Actor: audit.Actor{ID: user, Name: "Ada <ada@example.com>"}, Action: "example.edit",
			Object: "example/1", Detail: map[string]string{"why": "a < b & ü"},
		},
	)
	got, next, err := audit.List(t.Context(), pool, audit.Filter{})
	if err != nil || next != "" || len(got) != 2 {
		t.Fatalf("List() = %d records, cursor %q, %v; want 2, none, nil", len(got), next, err)
	}
	for i := range got {
		if got[i].ID.Version() != 7 || time.Since(got[i].At).Abs() > time.Hour || got[i].At.Location() != time.UTC {
			t.Errorf("record %d has id %v and time %v, want a version 7 id and about now in UTC", i, got[i].ID, got[i].At)
		}
		got[i].ID, got[i].At = uuid.Nil, time.Time{}
	}
	want := []audit.Record{
		{
			Dataset: dataset, Actor: audit.Actor{ID: user, Name: "Ada <ada@example.com>"}, Action: "example.edit",
			Object: "example/1", Detail: json.RawMessage(`{"why":"a < b & ü"}`),
		},
		{Actor: audit.Actor{Name: "server"}, Action: "server.start", Detail: json.RawMessage(`{}`)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("List() (-want +got):\n%s", d)
	}
}

func TestWriteJoinsTheTransaction(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	boom := errors.New("boom")
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if err := audit.Write(t.Context(), tx, many(1)[0]); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("InTx() = %v, want boom", err)
	}
	if got, _, err := audit.List(t.Context(), pool, audit.Filter{}); err != nil || len(got) != 0 {
		t.Errorf("List() after a rollback = %d records, %v; want none", len(got), err)
	}
	seal(t, pool, 0)
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for name, e := range map[string]audit.Entry{
		"no action": {Actor: audit.Actor{Name: "server"}},
		"no actor":  {Action: "test.write"},
		"not JSON":  {Actor: audit.Actor{Name: "server"}, Action: "test.write", Detail: func() {}},
	} {
		if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return audit.Write(t.Context(), tx, e) }); err == nil {
			t.Errorf("Write(%s) = nil, want an error", name)
		}
	}
}

func TestRecordIsAppendOnly(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	write(t, pool, many(1)...)
	seal(t, pool, 1)
	for _, sql := range []string{
		"UPDATE audit_log SET actor = 'Eve'", "DELETE FROM audit_log",
		"UPDATE audit_seals SET seq = 2", "DELETE FROM audit_seals",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was accepted", sql)
		}
	}
}

// TestChainIsAsDocumented computes the hash of one entry from the description
// of link alone, as somebody outside would.
func TestChainIsAsDocumented(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if h := head(t, pool); h != (audit.Head{}) {
		t.Fatalf("HeadHash() of an empty record = %v, want zero", h)
	}
	tamper(t, pool, `INSERT INTO audit_log (id, at, actor_id, actor, action, object, detail)
		VALUES ('01900000-0000-7000-8000-000000000001', '2026-01-02 03:04:05.6+00', '01900000-0000-7000-8000-000000000002', 'Zoë', 'a.b', '', '{}')`)
	tamper(t, pool, "INSERT INTO audit_unsealed SELECT id FROM audit_log")
	seal(t, pool, 1)
	// Computed by another program: 32 zero bytes, then 36:01900000-…,0:,27:2026-01-02T03:04:05.600000Z, and so on.
	const want = "1:31589c690a762b777a0c63d93e99dacc21126bca08a6e26f75bab742ae316077"
	if got := head(t, pool).String(); got != want {
		t.Errorf("HeadHash() = %s, want %s", got, want)
	}
}

func TestSealAndVerify(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	write(t, pool, many(3)...)
	if rep := verify(t, pool); !rep.OK() || rep.Sealed != 0 || rep.Unsealed != 3 {
		t.Fatalf("Verify() before sealing = %+v, want nothing sealed and 3 waiting", rep)
	}
	seal(t, pool, 3)
	early := head(t, pool)
	seal(t, pool, 0)
	// More than one batch of the sealer and of the verifier.
	if _, err := pool.Exec(t.Context(), `INSERT INTO audit_log (id, actor, action)
		SELECT gen_random_uuid(), 'server', 'test.bulk' FROM generate_series(1, 2500)`); err != nil {
		t.Fatal(err)
	}
	seal(t, pool, 2500)
	write(t, pool, many(1)...)
	late := head(t, pool)
	rep := verify(t, pool, audit.Head{}, early, late)
	if want := (audit.Report{Head: late, Sealed: 2503, Unsealed: 1}); !cmp.Equal(want, rep) {
		t.Errorf("Verify() (-want +got):\n%s", cmp.Diff(want, rep))
	}
	records, _, err := audit.List(t.Context(), pool, audit.Filter{Action: "test.write"})
	if err != nil || len(records) != 4 || records[0].Seq != 0 || records[1].Seq != 3 || records[3].Seq != 1 {
		t.Errorf("List() = %+v, %v; want places 0, 3, 2, 1", records, err)
	}
}

// TestSealedAreNotSealedAgain: a restore may queue what is sealed.
func TestSealedAreNotSealedAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO audit_log (id, actor, action)
		SELECT gen_random_uuid(), 'server', 'test.bulk' FROM generate_series(1, 1500)`); err != nil {
		t.Fatal(err)
	}
	seal(t, pool, 1500)
	tamper(t, pool, "INSERT INTO audit_unsealed SELECT id FROM audit_log")
	write(t, pool, many(1)...)
	seal(t, pool, 1)
	seal(t, pool, 0)
	var queued int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM audit_unsealed").Scan(&queued); err != nil || queued != 0 {
		t.Errorf("%d entries are queued, %v; want none", queued, err)
	}
	if rep := verify(t, pool); !rep.OK() || rep.Sealed != 1501 {
		t.Errorf("Verify() = %+v, want 1501 sealed and nothing wrong", rep)
	}
}

// TestLateCommit is the case UUIDv7 order alone would miss: an entry made first
// and committed after younger ones were sealed.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	slow, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Rollback(context.WithoutCancel(t.Context())) }()
	e := many(1)[0]
	e.Action = "test.slow"
	if err := audit.Write(t.Context(), slow, e); err != nil {
		t.Fatal(err)
	}
	write(t, pool, many(2)...)
	seal(t, pool, 2)
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	seal(t, pool, 1)
	if rep := verify(t, pool); !rep.OK() || rep.Sealed != 3 || rep.Unsealed != 0 {
		t.Errorf("Verify() = %+v, want three sealed and nothing wrong", rep)
	}
	if got, _, err := audit.List(t.Context(), pool, audit.Filter{Action: "test.slow"}); err != nil || len(got) != 1 || got[0].Seq != 3 {
		t.Errorf("the late entry = %+v, %v; want place 3", got, err)
	}
}

func TestTamperingIsSeen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sql  []string
		want audit.Report // only FirstBad and the counts; the head before tampering is known
	}{
		{"actor", []string{"UPDATE audit_log SET actor = 'Eve' WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"actor's id", []string{"UPDATE audit_log SET actor_id = gen_random_uuid() WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"time", []string{"UPDATE audit_log SET at = at + interval '1 microsecond' WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"dataset", []string{"UPDATE audit_log SET dataset_id = gen_random_uuid() WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"detail", []string{`UPDATE audit_log SET detail = '{"n": 3}' WHERE object = 'kind/3'`}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"from one field to the next", []string{"UPDATE audit_log SET action = action || 'k', object = substr(object, 2) WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Altered: 1, Sealed: 10}},
		{"two entries", []string{"UPDATE audit_log SET actor = 'Eve' WHERE object IN ('kind/3', 'kind/7')"}, audit.Report{FirstBad: 4, Altered: 2, Sealed: 10}},
		{"entry removed", []string{"DELETE FROM audit_log WHERE object = 'kind/3'"}, audit.Report{FirstBad: 4, Missing: 1, Sealed: 10}},
		{"entry and seal removed", []string{
			"DELETE FROM audit_seals WHERE seq = 4", "DELETE FROM audit_log WHERE object = 'kind/3'",
		}, audit.Report{FirstBad: 4, Missing: 1, Sealed: 9}},
		{"first removed", []string{
			"DELETE FROM audit_seals WHERE seq = 1", "DELETE FROM audit_log WHERE object = 'kind/0'",
		}, audit.Report{FirstBad: 1, Missing: 1, Sealed: 9}},
		{"removed and the gap closed", []string{
			"DELETE FROM audit_seals WHERE seq = 4", "DELETE FROM audit_log WHERE object = 'kind/3'",
			"UPDATE audit_seals SET seq = -seq WHERE seq > 4", "UPDATE audit_seals SET seq = -seq - 1 WHERE seq < 0",
		}, audit.Report{FirstBad: 4, Altered: 1, Missing: 1, Sealed: 9}},
		{"two swapped", []string{
			"UPDATE audit_seals SET seq = -seq WHERE seq IN (4, 5)", "UPDATE audit_seals SET seq = 9 + seq WHERE seq < 0",
		}, audit.Report{FirstBad: 4, Altered: 3, Sealed: 10}},
		{"hash overwritten", []string{"UPDATE audit_seals SET hash = sha256('x') WHERE seq = 4"}, audit.Report{FirstBad: 4, Altered: 2, Sealed: 10}},
		{"hash emptied", []string{"UPDATE audit_seals SET hash = '' WHERE seq = 10"}, audit.Report{FirstBad: 10, Altered: 2, Sealed: 10}},
		{"end cut off, against a known head", []string{
			"DELETE FROM audit_seals WHERE seq > 8", "DELETE FROM audit_log WHERE object IN ('kind/8', 'kind/9')",
		}, audit.Report{FirstBad: 10, Missing: 1, Sealed: 8}},
		{"made anew, against a known head", []string{
			"DELETE FROM audit_seals", "UPDATE audit_log SET actor = 'Eve'", "INSERT INTO audit_unsealed SELECT id FROM audit_log",
		}, audit.Report{FirstBad: 10, Altered: 1, Sealed: 10}},
		{"not sealed yet, removed", []string{
			"INSERT INTO audit_unsealed VALUES (gen_random_uuid())",
		}, audit.Report{Vanished: 1, Sealed: 10}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			write(t, pool, many(10)...)
			seal(t, pool, 10)
			known := head(t, pool)
			for _, sql := range tt.sql {
				tamper(t, pool, sql)
			}
			if _, err := audit.Seal(t.Context(), pool); err != nil {
				t.Fatalf("Seal() = %v", err)
			}
			rep := verify(t, pool, known)
			if rep.OK() {
				t.Error("OK() = true after tampering")
			}
			if n := rep.Altered + rep.Missing; int64(len(rep.Problems)) != n {
				t.Errorf("%d problems for %d findings: %+v", len(rep.Problems), n, rep.Problems)
			}
			got := audit.Report{FirstBad: rep.FirstBad, Altered: rep.Altered, Missing: rep.Missing, Vanished: rep.Vanished, Unsealed: rep.Unsealed, Sealed: rep.Sealed}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("Verify() (-want +got):\n%s\n%+v", d, rep.Problems)
			}
		})
	}
}

func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO audit_log (id, actor, action)
		SELECT gen_random_uuid(), 'server', 'test.bulk' FROM generate_series(1, 150)`); err != nil {
		t.Fatal(err)
	}
	seal(t, pool, 150)
	tamper(t, pool, "UPDATE audit_log SET actor = 'Eve'")
	if rep := verify(t, pool); rep.Altered != 150 || len(rep.Problems) != 100 || !rep.Truncated {
		t.Errorf("Verify() = %d altered, %d problems, truncated %v; want 150, 100, true", rep.Altered, len(rep.Problems), rep.Truncated)
	}
}

func TestConcurrentWritersAndSealers(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const writers, each, sealers = 32, 10, 4
	var wg sync.WaitGroup
	done := make(chan struct{})
	var sealed [sealers]int
	for i := range sealers {
		wg.Go(func() {
			for {
				n, err := audit.Seal(t.Context(), pool)
				if err != nil {
					t.Errorf("Seal() = %v", err)
					return
				}
				sealed[i] += n
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for _, e := range many(each) {
				if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return audit.Write(t.Context(), tx, e) }); err != nil {
					t.Errorf("Write() = %v", err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	wg.Wait()
	last, err := audit.Seal(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sealed {
		last += n
	}
	rep := verify(t, pool)
	if last != writers*each || !rep.OK() || rep.Sealed != writers*each || rep.Unsealed != 0 {
		t.Errorf("sealed %d, Verify() = %+v; want %d entries in a whole chain", last, rep, writers*each)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	// One transaction: all have the same time, so that only the id tells them apart.
	if err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		for _, e := range many(7) {
			if err := audit.Write(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	write(t, pool, many(4)...)
	all, next, err := audit.List(t.Context(), pool, audit.Filter{})
	if err != nil || len(all) != 11 || next != "" {
		t.Fatalf("List() = %d, %q, %v; want 11 on one page", len(all), next, err)
	}
	for i := 1; i < len(all); i++ {
		if all[i].At.After(all[i-1].At) {
			t.Errorf("record %d is younger than the one before it", i)
		}
	}
	var paged []audit.Record
	f := audit.Filter{Limit: 3}
	for pages := 1; ; pages++ {
		page, next, err := audit.List(t.Context(), pool, f)
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, page...)
		if next == "" {
			if pages != 4 {
				t.Errorf("%d pages of 3, want 4", pages)
			}
			break
		}
		write(t, pool, many(1)...) // younger entries do not shift the pages
		f.After = next
	}
	if d := cmp.Diff(all, paged); d != "" {
		t.Errorf("pages joined (-want +got):\n%s", d)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ada := audit.Actor{ID: uuid.New(), Name: "Ada"}
	server := audit.Actor{Name: "server"}
	write(
		t, pool,
		audit.Entry{Actor: ada, Action: "account.login", Object: "user/1"},
		audit.Entry{Actor: server, Action: "account.login_failed", Object: "user/1"},
		audit.Entry{Actor: ada, Action: "accountant.login", Object: "user/2"},
	)
	all, _, err := audit.List(t.Context(), pool, audit.Filter{})
	if err != nil || len(all) != 3 {
		t.Fatalf("List() = %d records, %v; want 3", len(all), err)
	}
	middle := all[1].At
	for _, tt := range []struct {
		name string
		f    audit.Filter
		want []string
	}{
		{"actor", audit.Filter{Actor: ada.ID}, []string{"accountant.login", "account.login"}},
		{"unknown actor", audit.Filter{Actor: uuid.New()}, nil},
		{"action", audit.Filter{Action: "account.login"}, []string{"account.login"}},
		{"actions", audit.Filter{Action: "account."}, []string{"account.login_failed", "account.login"}},
		{"wildcards are letters", audit.Filter{Action: "account%."}, nil},
		{"object", audit.Filter{Object: "user/1"}, []string{"account.login_failed", "account.login"}},
		{"since", audit.Filter{Since: middle}, []string{"accountant.login", "account.login_failed"}},
		{"until", audit.Filter{Until: middle}, []string{"account.login"}},
		{"span", audit.Filter{Since: middle, Until: middle.Add(time.Microsecond)}, []string{"account.login_failed"}},
	} {
		got, _, err := audit.List(t.Context(), pool, tt.f)
		if err != nil {
			t.Errorf("%s: List() = %v", tt.name, err)
		}
		var actions []string
		for _, r := range got {
			actions = append(actions, r.Action)
		}
		if d := cmp.Diff(tt.want, actions); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	for _, bad := range []string{"x", "1.2", "." + uuid.NewString(), "-1." + uuid.NewString(), "99999999999999999999." + uuid.NewString()} {
		if _, _, err := audit.List(t.Context(), pool, audit.Filter{After: bad}); !errors.Is(err, fault.Invalid) {
			t.Errorf("List(after %q) = %v, want invalid", bad, err)
		}
	}
}

func TestParseHead(t *testing.T) {
	t.Parallel()
	h := audit.Head{Seq: 42, Hash: [32]byte{1, 2, 255}}
	if got, err := audit.ParseHead(" " + h.String() + "\n"); err != nil || got != h {
		t.Errorf("ParseHead(%q) = %v, %v", h, got, err)
	}
	for _, bad := range []string{"", "42", "42:", "42:zz", "x:" + strings.Repeat("0", 64), "-1:" + strings.Repeat("0", 64), "1:" + strings.Repeat("0", 62), "1:" + strings.Repeat("0", 66)} {
		if got, err := audit.ParseHead(bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("ParseHead(%q) = %v, %v; want invalid", bad, got, err)
		}
	}
}
