package dedup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

var ana = audit.Actor{ID: uuid.MustParse("0198c0de-0000-7000-8000-00000000000a"), Name: "Ana"}

// world is a database with the service on it, and the service that people
// decide through.
type world struct {
	t testing.TB
	*dedup.Service
	pool    *pgxpool.Pool
	reviews *review.Service
}

func newWorld(t testing.TB, change ...func(*dedup.Config)) *world {
	t.Helper()
	w := &world{t: t, pool: pgtest.New(t)}
	w.reviews = review.New(review.Config{
		DB: w.pool, Dataset: exampletest.Dataset,
		Order: func(context.Context) ([]string, error) { return []string{"voice_parsing"}, nil },
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(example.Conversation) (int, int) { return 10, 5 },
	})
	c := dedup.Config{DB: w.pool, Dataset: exampletest.Dataset, Catalog: defaultCatalog, Reject: w}
	for _, f := range change {
		f(&c)
	}
	w.Service = dedup.New(c)
	return w
}

func defaultCatalog(context.Context) (*catalog.Catalog, error) { return catalog.Default() }

// Reject rejects through the review service, as the program does.
func (w *world) Reject(ctx context.Context, r dedup.Rejection) (uuid.UUID, error) {
	out, err := w.reviews.Decide(ctx, review.Decision{
		ExampleID: r.Example, Reviewer: r.By, Revision: r.Revision, Seen: r.Seen, Verdict: example.Reject, Reason: r.Reason,
	})
	return out.DecisionID, err
}

// say is a conversation of one question and one answer.
func say(ask, answer string) []example.Message {
	return []example.Message{{Role: example.User, Content: ask}, {Role: example.Assistant, Content: answer}}
}

// add puts conversations in and returns their ids in order.
func (w *world) add(conversations ...[]example.Message) []uuid.UUID {
	w.t.Helper()
	return w.addTo("voice_parsing", conversations...)
}

func (w *world) addTo(category string, conversations ...[]example.Message) []uuid.UUID {
	w.t.Helper()
	return exampletest.Insert(w.t, w.pool, len(conversations), exampletest.Seed{
		Category: category, Conversation: func(i int) example.Conversation { return example.Conversation{Messages: conversations[i]} },
	})
}

func (w *world) scan() dedup.Scanned {
	w.t.Helper()
	done, err := w.Scan(w.t.Context())
	if err != nil {
		w.t.Fatalf("Scan() = %v", err)
	}
	w.sound()
	return done
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func query[T any](w *world, sql string, args ...any) []T {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), sql, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// decide records a decision on the current revision, with an edit if messages
// are given, and returns its id.
func (w *world) decide(id uuid.UUID, verdict example.Verdict, messages []example.Message) uuid.UUID {
	w.t.Helper()
	var status string
	var revision int
	if err := w.pool.QueryRow(w.t.Context(), "SELECT status::text, revision FROM examples WHERE id = $1", id).Scan(&status, &revision); err != nil {
		w.t.Fatal(err)
	}
	out, err := w.reviews.Decide(w.t.Context(), review.Decision{
		ExampleID: id, Reviewer: ana, Revision: revision, Seen: example.Status(status), Verdict: verdict, Reason: "because", Messages: messages,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.DecisionID
}

// groups returns the members of all groups of a kind, each as the indexes of
// its members in ids.
func (w *world) groups(kind dedup.Kind, ids []uuid.UUID) [][]int {
	w.t.Helper()
	list, err := w.List(w.t.Context(), dedup.Filter{Kind: kind, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	var out [][]int
	for _, g := range list {
		var members []int
		for _, m := range g.Members {
			members = append(members, slices.Index(ids, m.ID))
		}
		out = append(out, members)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

func (w *world) wantGroups(kind dedup.Kind, ids []uuid.UUID, want ...[]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.groups(kind, ids)); diff != "" {
		w.t.Errorf("%s groups (-want +got):\n%s", kind, diff)
	}
}

// findings returns the rules that the current revision of an example breaks.
func (w *world) findings(id uuid.UUID) []string {
	w.t.Helper()
	return query[string](w, `SELECT f.rule || ' ' || f.severity || ' ' || f.message FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision
		WHERE e.id = $1 ORDER BY f.ordinal`, id)
}

// sound checks what must hold after every scan.
func (w *world) sound() {
	w.t.Helper()
	for _, c := range []struct{ what, sql string }{
		{"an example that was not looked at", `SELECT example_id::text FROM duplicate_queue`},
		{"a live example without a signature", `SELECT id::text FROM examples e WHERE status <> 'rejected' AND NOT EXISTS (SELECT FROM duplicate_signatures s WHERE s.example_id = e.id AND s.revision = e.revision)`},
		{"a signature of what is rejected or gone", `SELECT example_id::text FROM duplicate_signatures s WHERE NOT EXISTS (SELECT FROM examples e WHERE e.id = s.example_id AND e.status <> 'rejected')`},
		{"keys that differ from the signature", `
			SELECT example_id::text FROM (SELECT example_id, unnest(keys) AS key FROM duplicate_signatures) AS s FULL JOIN duplicate_keys k USING (example_id, key)
			 WHERE s IS NULL OR k IS NULL`},
		{"a pair with what is rejected or gone", `
			SELECT p.a::text FROM duplicate_pairs p LEFT JOIN examples x ON x.id = p.a AND x.status <> 'rejected' LEFT JOIN examples y ON y.id = p.b AND y.status <> 'rejected'
			 WHERE x.id IS NULL OR y.id IS NULL`},
		{"two kinds of one pair", `SELECT a::text FROM duplicate_pairs GROUP BY a, b HAVING count(*) > 1`},
		{"a group with another size than it says", `SELECT id::text FROM duplicate_groups g WHERE size <> (SELECT count(*) FROM duplicate_members m WHERE m.group_id = g.id) OR size < 2`},
		{"another count of groups than there are", `
			SELECT kind FROM (SELECT kind, category, groups, examples FROM duplicate_counts WHERE groups <> 0 OR examples <> 0) AS c
			  FULL JOIN (SELECT kind, category, count(*) AS groups, sum(size) AS examples FROM duplicate_groups GROUP BY kind, category) AS g USING (kind, category, groups, examples)
			 WHERE c IS NULL OR g IS NULL`},
		{"a member of no group", `SELECT example_id::text FROM duplicate_members m WHERE NOT EXISTS (SELECT FROM duplicate_groups g WHERE g.id = m.group_id AND g.class = m.class)`},
		{"an example with other findings than it says", `
			SELECT e.id::text FROM examples e LEFT JOIN findings f ON f.example_id = e.id AND f.revision = e.revision AND NOT f.waived GROUP BY e.dataset_id, e.id
			HAVING (e.errors, e.warnings) <> (count(*) FILTER (WHERE f.severity = 'error'), count(*) FILTER (WHERE f.severity = 'warning'))`},
		{"a finding without a pair, or a pair without a finding", `
			WITH said AS (SELECT DISTINCT f.example_id, f.rule FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision WHERE f.rule LIKE 'duplicate/%'),
			     due AS (SELECT DISTINCT x.id AS example_id, CASE p.kind WHEN 'contradiction' THEN 'duplicate/contradiction' ELSE 'duplicate/near' END AS rule
			               FROM duplicate_pairs p CROSS JOIN LATERAL (VALUES (p.a), (p.b)) AS x(id) WHERE p.kind <> 'variant')
			SELECT concat_ws(' ', example_id, rule) FROM said FULL JOIN due USING (example_id, rule) WHERE said IS NULL OR due IS NULL`},
	} {
		if found := query[string](w, c.sql); len(found) > 0 {
			w.t.Errorf("%s: %d, such as %s", c.what, len(found), found[0])
		}
	}
	w.components()
}

// components recomputes every group from all pairs, by spreading the least id
// until nothing changes, and compares.
func (w *world) components() {
	w.t.Helper()
	for class, kinds := range map[string][]string{"copy": {"equal", "near"}, "contradiction": {"contradiction"}, "variant": {"variant"}} {
		want, near := map[string]string{}, map[string]bool{}
		pairs := query[string](w, `SELECT concat_ws(' ', a, b, kind) FROM duplicate_pairs WHERE kind = ANY($1)`, kinds)
		for changed := true; changed; {
			changed = false
			for _, p := range pairs {
				f := strings.Fields(p)
				least := f[0]
				for _, id := range f[:2] {
					if want[id] != "" {
						least = min(least, want[id])
					}
				}
				for _, id := range f[:2] {
					if want[id] != least {
						want[id], changed = least, true
					}
				}
			}
		}
		for _, p := range pairs {
			f := strings.Fields(p)
			if f[2] == "near" {
				near[want[f[0]]] = true
			}
		}
		got := map[string]string{}
		for _, row := range query[string](w, `
			SELECT concat_ws(' ', m.example_id, min(m.example_id::text) OVER (PARTITION BY m.group_id), g.kind)
			  FROM duplicate_members m JOIN duplicate_groups g ON g.id = m.group_id WHERE m.class = $1`, class) {
			f := strings.Fields(row)
			got[f[0]] = f[1]
			if class == "copy" && (f[2] == "near") != near[f[1]] {
				w.t.Errorf("the group of %s is of kind %s", f[0], f[2])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("groups of class %s differ from the components of the pairs (-want +got):\n%.2000s", class, diff)
		}
	}
}

const parsed = `{"exercise":"Bench Press","weight":225,"reps":8}`

func TestScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(
		say("bench press 225 for 8", parsed),                  // 0
		say("deadlift 405 for 1", "ok"),                       // 1
		say("Bench press, 225 for 8!", parsed),                // 2 equals 0
		say("um bench press 225 for 8", parsed),               // 3 near 0
		say("bench press 230 for 8", parsed),                  // 4 variant of 0
		say("deadlift 405 for 1!", "What kind of deadlift?"),  // 5 contradicts 1
		say("squat 300 for 5", "ok"),                          // 6
		say("Squat 300 for 5", "OK"),                          // 7 equals 6
		say("the other way round is nothing like it", "fine"), // 8
	)
	other := w.addTo("ai_coach", say("bench press 225 for 8", "Nice."))
	w.scan()
	w.wantGroups(dedup.Near, ids, []int{0, 2, 3})
	w.wantGroups(dedup.Equal, ids, []int{6, 7})
	w.wantGroups(dedup.Contradiction, ids, []int{1, 5})
	w.wantGroups(dedup.Variant, ids, []int{0, 4})
	for id, want := range map[uuid.UUID][]string{
		ids[0]:   {fmt.Sprintf("duplicate/near warning Example %s says the same but for case, spaces and punctuation. Keep the better one and reject the other, or mark the two as not duplicates.", ids[2])},
		ids[3]:   {fmt.Sprintf("duplicate/near warning Example %s says nearly the same. Keep the better one and reject the other, or mark the two as not duplicates.", ids[0])},
		ids[1]:   {fmt.Sprintf("duplicate/contradiction warning Example %s answers nearly the same question differently. Decide which answer is right and reject or correct the other.", ids[5])},
		ids[4]:   nil,
		ids[8]:   nil,
		other[0]: nil,
	} {
		if diff := cmp.Diff(want, w.findings(id)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	}
	counts, err := w.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]dedup.Count{
		{Kind: dedup.Contradiction, Category: "voice_parsing", Groups: 1, Examples: 2},
		{Kind: dedup.Equal, Category: "voice_parsing", Groups: 1, Examples: 2},
		{Kind: dedup.Near, Category: "voice_parsing", Groups: 1, Examples: 3},
		{Kind: dedup.Variant, Category: "voice_parsing", Groups: 1, Examples: 2},
	}, counts); diff != "" {
		t.Errorf("Counts (-want +got):\n%s", diff)
	}
	if again := w.scan(); again != (dedup.Scanned{}) {
		t.Errorf("a second Scan looked at %d examples and found %d pairs", again.Examples, again.Pairs)
	}
}

// A contradiction between structured answers says which fields differ.
func TestFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("bench press 225 for 8", parsed), say("bench press, 225 for 8", `{"exercise":"Bench Press","weight":220,"reps":7}`))
	w.scan()
	list, err := w.List(t.Context(), dedup.Filter{Kind: dedup.Contradiction, Category: "voice_parsing"})
	if err != nil || len(list) != 1 {
		t.Fatalf("List() = %v, %v", list, err)
	}
	if diff := cmp.Diff([]dedup.Pair{{A: ids[0], B: ids[1], Kind: dedup.Contradiction, Similarity: 1, Fields: []string{"/reps", "/weight"}}}, list[0].Pairs); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	if got := w.findings(ids[1]); len(got) != 1 || !strings.Contains(got[0], "differently in /reps, /weight.") {
		t.Errorf("findings = %q", got)
	}
}

// Groups follow what happens to their members.
func TestMembersChange(t *testing.T) {
	t.Parallel()
	bench := func(ask string) []example.Message { return say(ask, parsed) }
	asks := [][]example.Message{bench("bench press 225 for 8"), bench("bench press, 225 for 8"), bench("Bench press 225 for 8"), bench("um bench press 225 for 8")}
	t.Run("edited away and back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		ids := w.add(asks...)
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{0, 1, 2, 3})
		w.decide(ids[0], example.Skip, bench("overhead press 95 for 5")) // the oldest, which holds the others together
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{1, 2, 3})
		if got := w.findings(ids[0]); got != nil {
			t.Errorf("the edited one still has %q", got)
		}
		w.decide(ids[3], example.Skip, bench("overhead press 95 for 5!"))
		w.scan()
		w.wantGroups(dedup.Near, ids)
		w.wantGroups(dedup.Equal, ids, []int{0, 3}, []int{1, 2})
	})
	t.Run("rejected and undone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		ids := w.add(asks...)
		w.scan()
		decision := w.decide(ids[0], example.Reject, nil)
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{1, 2, 3})
		if got := w.findings(ids[0]); got != nil {
			t.Errorf("the rejected one still has %q", got)
		}
		if _, _, err := w.reviews.Undo(t.Context(), ana, decision, false); err != nil {
			t.Fatal(err)
		}
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{0, 1, 2, 3})
	})
	t.Run("removed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		ids := w.add(asks...)
		w.scan()
		w.exec("DELETE FROM findings WHERE example_id = $1", ids[0])
		w.exec("DELETE FROM examples WHERE id = $1", ids[0])
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{1, 2, 3})
	})
	t.Run("a bridge falls", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		// Each filler leaves four fifths of the trigrams, two of them do not.
		ids := w.add(bench("back squat 300 for 5"), bench("um back squat 300 for 5"), bench("um back squat 300 for 5 ok"))
		w.scan()
		w.wantGroups(dedup.Near, ids, []int{0, 1, 2})
		w.decide(ids[1], example.Reject, nil)
		w.scan()
		w.wantGroups(dedup.Near, ids)
	})
}

// However examples come in, the groups are the same.
func TestIncremental(t *testing.T) {
	t.Parallel()
	p := plantedSample(t, 400, 9)
	atOnce, oneByOne := newWorld(t), newWorld(t, func(c *dedup.Config) { c.BatchRows = 7 })
	a := atOnce.insertPlanted(p)
	atOnce.scan()
	b := map[int]uuid.UUID{}
	for part := range slices.Chunk(p.lines(), 40) {
		for line, id := range oneByOne.insertLines(p, part) {
			b[line] = id
		}
		oneByOne.scan()
	}
	if diff := cmp.Diff(atOnce.pairsByLine(a), oneByOne.pairsByLine(b)); diff != "" {
		t.Errorf("pairs (-at once +bit by bit):\n%s", diff)
	}
}

// lines are the line numbers of what can be put into one dataset: rows that are
// byte-equal to an earlier one never get past an import.
func (p planted) lines() []int {
	var out []int
	for i := range p.texts {
		if !p.exact[i+1] {
			out = append(out, i+1)
		}
	}
	return out
}

func (w *world) insertPlanted(p planted) map[int]uuid.UUID { return w.insertLines(p, p.lines()) }

func (w *world) insertLines(p planted, lines []int) map[int]uuid.UUID {
	w.t.Helper()
	at, rows := map[string][]int{}, map[string][][]example.Message{}
	for _, line := range lines {
		var row struct {
			Messages json.RawMessage
			Category string
		}
		if err := json.Unmarshal([]byte(p.raw[line-1]), &row); err != nil {
			w.t.Fatal(err)
		}
		messages, err := example.ParseMessages(row.Messages)
		if err != nil {
			w.t.Fatal(err)
		}
		at[row.Category], rows[row.Category] = append(at[row.Category], line), append(rows[row.Category], messages)
	}
	ids := map[int]uuid.UUID{}
	for category, list := range rows {
		for i, id := range w.addTo(category, list...) {
			ids[at[category][i]] = id
		}
	}
	return ids
}

func (w *world) pairsByLine(ids map[int]uuid.UUID) map[pair]string {
	w.t.Helper()
	line := map[string]int{}
	for n, id := range ids {
		line[id.String()] = n
	}
	out := map[pair]string{}
	for _, row := range query[string](w, `SELECT concat_ws(' ', a, b, kind) FROM duplicate_pairs`) {
		f := strings.Fields(row)
		a, b := line[f[0]], line[f[1]]
		out[pair{min(a, b), max(a, b)}] = f[2]
	}
	return out
}

// Recall and precision of the whole way through the database.
func TestScanPlanted(t *testing.T) {
	t.Parallel()
	p := plantedSample(t, 3000, 5)
	w := newWorld(t, func(c *dedup.Config) { c.BatchRows = 500 })
	ids := w.insertPlanted(p)
	done := w.scan()
	found := map[pair]dedup.Relation{}
	for at, kind := range w.pairsByLine(ids) {
		found[at] = dedup.Relation{Kind: dedup.Kind(kind)}
	}
	for at := range p.truth {
		if p.exact[at.b] { // not in the database
			delete(p.truth, at)
		}
	}
	judge(p, found).check(t)
	if done.Pairs != len(found) {
		t.Errorf("Scan says it found %d pairs, there are %d", done.Pairs, len(found))
	}
}

// A stopper stops whoever uses it when so many transactions have begun.
type stopper struct {
	dedup.DB
	after int32
	begun atomic.Int32
	stop  func()
}

func (s *stopper) Begin(ctx context.Context) (pgx.Tx, error) {
	if s.begun.Add(1) == s.after {
		s.stop()
	}
	return s.DB.Begin(ctx)
}

// A scan that is stopped goes on where it was.
func TestScanStopped(t *testing.T) {
	t.Parallel()
	p := plantedSample(t, 400, 9)
	whole, stopped := newWorld(t), newWorld(t, func(c *dedup.Config) { c.BatchRows = 50 })
	a := whole.insertPlanted(p)
	whole.scan()
	b := stopped.insertPlanted(p)
	stops := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		s := dedup.New(dedup.Config{
			DB: &stopper{DB: stopped.pool, after: 12, stop: cancel}, Dataset: exampletest.Dataset, Reject: stopped, BatchRows: 50, Catalog: defaultCatalog,
		})
		_, err := s.Scan(ctx)
		cancel()
		if err == nil {
			break
		}
		stops++
	}
	if stops == 0 {
		t.Error("the scan was never stopped")
	}
	stopped.sound()
	if diff := cmp.Diff(whole.pairsByLine(a), stopped.pairsByLine(b)); diff != "" {
		t.Errorf("pairs (-at once +stopped):\n%s", diff)
	}
}

// Another process works off a part of the queue in the middle of a scan: what
// the scan knows of the keys is void, and nothing is missed.
func TestScanBesideAnother(t *testing.T) {
	t.Parallel()
	const n = 250
	var asks [][]example.Message
	for i := range 2 * n { // each question comes again n examples later
		asks = append(asks, say(fmt.Sprintf("bench press %d for 8%s", 100+i%n, strings.Repeat("!", i/n)), parsed))
	}
	for after := int32(8); after < 30; after += 3 {
		w := newWorld(t)
		w.add(asks...)
		other := func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := dedup.New(dedup.Config{
				DB: &stopper{DB: w.pool, after: 12, stop: cancel}, Dataset: exampletest.Dataset, Reject: w, BatchRows: 5, Catalog: defaultCatalog,
			})
			if _, err := s.Scan(ctx); err == nil {
				t.Error("the other scan was not stopped on its way")
			}
		}
		s := dedup.New(dedup.Config{
			DB: &stopper{DB: w.pool, after: after, stop: other}, Dataset: exampletest.Dataset, Reject: w, BatchRows: 10, Catalog: defaultCatalog,
		})
		if _, err := s.Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.sound()
		if pairs := query[int64](w, "SELECT count(*) FROM duplicate_pairs WHERE kind = 'equal'"); pairs[0] != n {
			t.Errorf("after %d transactions: %d pairs were found, want %d", after, pairs[0], n)
		}
	}
}

// Scans at once, while examples are edited and rejected, end in order.
func TestScanAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *dedup.Config) { c.BatchRows = 20 })
	var asks [][]example.Message
	for i := range 120 {
		asks = append(asks, say(fmt.Sprintf("bench press %d for 8%s", 100+i/4, strings.Repeat("!", i%4)), parsed))
	}
	ids := w.add(asks...)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 5 {
				if _, err := w.Scan(t.Context()); err != nil {
					t.Errorf("Scan() = %v", err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := 0; i < 120; i += 3 {
			d := review.Decision{ExampleID: ids[i], Reviewer: ana, Revision: 1, Verdict: example.Reject, Reason: "because"}
			if i%2 == 0 {
				d.Verdict, d.Messages = example.Skip, say(fmt.Sprintf("bench press %d for 8 please", 130-i/4), parsed)
			}
			if _, err := w.reviews.Decide(t.Context(), d); err != nil {
				t.Errorf("Decide() = %v", err)
			}
		}
	})
	wg.Wait()
	w.scan()
}

// One template, and one command, thousands of times: the number of pairs stays
// in proportion, and everything is one group.
func TestScanLargeBuckets(t *testing.T) {
	t.Parallel()
	const n = 2000
	w := newWorld(t)
	var timers, same [][]example.Message
	for i := range n {
		timers = append(timers, say(fmt.Sprintf("set a timer for %d minutes", i+1), "ok"))
		same = append(same, say("start the stopwatch"+strings.Repeat(" um", i), "ok"))
	}
	ids := w.add(timers...)
	w.add(same...)
	w.scan()
	counts, err := w.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var near, variants int
	for _, c := range counts {
		switch c.Kind {
		case dedup.Variant:
			variants += c.Examples
			if c.Groups != 1 {
				t.Errorf("%d groups of variants, want 1", c.Groups)
			}
		case dedup.Near:
			near += c.Examples
		}
	}
	if variants != n || near == 0 {
		t.Errorf("%d variants and %d near copies in groups, want %d and some", variants, near, n)
	}
	pairs := query[int64](w, "SELECT count(*) FROM duplicate_pairs")[0]
	if most := int64(n + n*dedup.Enough); pairs > most {
		t.Errorf("%d pairs, want at most %d", pairs, most)
	}
	// The one that all others are linked to changes: the rest stays together.
	w.decide(ids[0], example.Skip, say("what time is it", "late"))
	w.scan()
	if got := query[int32](w, "SELECT size FROM duplicate_groups WHERE kind = 'variant'"); !slices.Equal(got, []int32{n - 1}) {
		t.Errorf("sizes of the variants' groups = %v, want [%d]", got, n-1)
	}
}

// A waived finding stays waived when it comes to name another example, and
// counts nowhere.
func TestWaived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"), say("squat, 300 for 5", "ok"))
	w.scan()
	w.exec(`INSERT INTO waivers (dataset_id, id, example_id, revision, rule, path, reason, author) VALUES ($1, gen_random_uuid(), $2, 1, 'duplicate/near', '', 'fine', 'Ana')`, exampletest.Dataset, ids[2])
	w.exec(`UPDATE findings SET waived = true WHERE example_id = $1`, ids[2])
	w.exec(`UPDATE examples SET warnings = 0 WHERE id = $1`, ids[2])
	w.decide(ids[0], example.Reject, nil)
	w.scan()
	if got := query[bool](w, "SELECT waived FROM findings WHERE example_id = $1 AND message LIKE '%' || $2 || '%'", ids[2], ids[1].String()); !slices.Equal(got, []bool{true}) {
		t.Errorf("waived = %v, want one that is", got)
	}
	w.decide(ids[1], example.Reject, nil)
	w.scan()
	if got := query[int16](w, "SELECT warnings FROM examples WHERE id = $1", ids[2]); !slices.Equal(got, []int16{0}) {
		t.Errorf("warnings = %v, want 0", got)
	}
}

// A category whose catalog has the rules switched off gets groups and no
// findings; a catalog that says error gets errors.
func TestCatalogDecides(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*catalog.Check)
		want   []string
	}{
		{"off", func(c *catalog.Check) { c.Off = true }, nil},
		{"error", func(c *catalog.Check) { c.Severity = "error" }, []string{"error"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *dedup.Config) {
				c.Catalog = func(context.Context) (*catalog.Catalog, error) {
					cat, err := catalog.Default()
					if err != nil {
						return nil, err
					}
					for i := range cat.Categories {
						for j := range cat.Categories[i].Checks {
							if cat.Categories[i].Checks[j].Rule == "duplicate" {
								tt.change(&cat.Categories[i].Checks[j])
							}
						}
					}
					return cat, nil
				}
			})
			ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"))
			if _, err := w.Scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.wantGroups(dedup.Equal, ids, []int{0, 1})
			got := query[string](w, "SELECT severity::text FROM findings WHERE example_id = $1", ids[0])
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("severities (-want +got):\n%s", diff)
			}
		})
	}
}

// What an older version of the method signed is signed anew.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"))
	w.scan()
	w.exec("DELETE FROM duplicate_keys")
	w.exec("UPDATE duplicate_signatures SET version = 0, keys = '{}'")
	w.scan()
	w.wantGroups(dedup.Equal, ids, []int{0, 1})
	if got := query[int16](w, "SELECT DISTINCT version FROM duplicate_signatures"); !slices.Equal(got, []int16{2}) {
		t.Errorf("versions = %v, want [2]", got)
	}
}

// What is too long to be trained on is not compared, and does not stop the rest.
func TestTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	endless := strings.Repeat("and then I did one more set ", 12_000)
	ids := w.add(say(endless, "ok"), say(endless+"!", "ok"), say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"))
	if _, err := w.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantGroups(dedup.Equal, ids, []int{2, 3})
}

func TestWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"))
	if n, err := w.Waiting(t.Context(), 100); n != 2 || err != nil {
		t.Errorf("Waiting() = %d, %v, want 2", n, err)
	}
	worker := &dedup.Worker{Service: w.Service}
	if err := worker.Work(t.Context(), &river.Job[dedup.ScanArgs]{}); err != nil {
		t.Fatal(err)
	}
	w.wantGroups(dedup.Equal, ids, []int{0, 1})
	if n, err := w.Waiting(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("Waiting() = %d, %v, want 0", n, err)
	}
}
