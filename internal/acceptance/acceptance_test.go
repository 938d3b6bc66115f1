package acceptance_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/acceptance"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// A bench is a database with the services that a sample touches.
type bench struct {
	pool     *pgxpool.Pool
	samples  *acceptance.Service
	work     *assign.Service
	reviews  *review.Service
	lead     audit.Actor
	ana      audit.Actor
	returned []acceptance.Return
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{pool: pgtest.New(t)}
	b.work = assign.New(b.pool, exampletest.Dataset, nil)
	b.samples = acceptance.New(b.pool, exampletest.Dataset, b.work, b)
	b.reviews = review.New(review.Config{
		DB: b.pool, Dataset: exampletest.Dataset,
		Order: func(context.Context) ([]string, error) { return []string{"voice_parsing"}, nil },
		Check: func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)); return n, n - 25 },
	})
	for _, p := range []struct {
		who  *audit.Actor
		name string
		role string
	}{{&b.lead, "Lea", "lead"}, {&b.ana, "Ana", "reviewer"}} {
		*p.who = audit.Actor{ID: uuid.Must(uuid.NewV7()), Name: p.name}
		if _, err := b.pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role) VALUES ($1, $2, $2, $3)`, p.who.ID, p.name, p.role); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// of is the import that brought an example.
func (b *bench) of(t *testing.T, id uuid.UUID) acceptance.Batch {
	t.Helper()
	var run uuid.UUID
	if err := b.pool.QueryRow(t.Context(), `SELECT import_id FROM examples WHERE id = $1`, id).Scan(&run); err != nil {
		t.Fatal(err)
	}
	return acceptance.Batch{Kind: acceptance.Import, Key: run.String(), Scope: acceptance.Waiting}
}

func (b *bench) draw(t *testing.T, r acceptance.Request) acceptance.Sample {
	t.Helper()
	if r.Name == "" {
		r.Name = "First look"
	}
	r.Everybody = len(r.People) == 0
	id, err := b.samples.Draw(t.Context(), b.lead, r)
	if err != nil {
		t.Fatal(err)
	}
	return b.get(t, id)
}

func (b *bench) get(t *testing.T, id uuid.UUID) acceptance.Sample {
	t.Helper()
	s, err := b.samples.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) items(t *testing.T, s acceptance.Sample) []acceptance.Item {
	t.Helper()
	items, err := b.samples.Items(t.Context(), s, 0, acceptance.MaxLimit)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func (b *bench) progress(t *testing.T, s acceptance.Sample) acceptance.Result {
	t.Helper()
	r, err := b.samples.Progress(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// decide has Ana decide an item; edit makes it an approval of other words.
func (b *bench) decide(t *testing.T, i acceptance.Item, verdict example.Verdict, edit bool) uuid.UUID {
	t.Helper()
	d := review.Decision{ExampleID: i.ExampleID, Reviewer: b.ana, Revision: i.Revision, Seen: i.Status, Verdict: verdict}
	if verdict == example.Reject {
		d.Reason = "Not how a coach talks."
	}
	if edit {
		d.Messages = []example.Message{{Role: example.User, Content: "bench"}, {Role: example.Assistant, Content: fmt.Sprintf(`{"edited":%d}`, i.Ordinal)}}
	}
	out, err := b.reviews.Decide(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return out.DecisionID
}

func TestDrawIsRandomAndRepeatable(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 300, exampletest.Seed{})
	decided := exampletest.Insert(t, b.pool, 10, exampletest.Seed{
		Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(5000 + i) },
	})
	plan := acceptance.Plan{Kind: acceptance.ISO, AQL: 2.5, Level: 2}
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: plan, Seed: 42})
	if s.Frame != 300 || s.N != 50 || s.Accept != 3 || s.Drawn != 50 { // letter H, AQL 2.5
		t.Errorf("frame %d, n %d, accept %d, drawn %d; want 300, 50, 3, 50", s.Frame, s.N, s.Accept, s.Drawn)
	}
	// Drawn again by the rule that docs/sampling.md gives, without the package.
	rank := func(id uuid.UUID) uint64 {
		sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, 42), id[:]...))
		return binary.BigEndian.Uint64(sum[:])
	}
	want := slices.Clone(ids)
	slices.SortFunc(want, func(a, b uuid.UUID) int {
		switch {
		case rank(a) < rank(b):
			return -1
		case rank(a) > rank(b):
			return 1
		}
		return bytes.Compare(a[:], b[:])
	})
	var got []uuid.UUID
	for _, i := range b.items(t, s) {
		got = append(got, i.ExampleID)
	}
	if diff := cmp.Diff(want[:50], got); diff != "" {
		t.Errorf("drawn (-want +got):\n%s", diff)
	}
	h := sha256.New()
	for _, id := range ids {
		h.Write(id[:])
	}
	if !bytes.Equal(h.Sum(nil), s.FrameHash) {
		t.Error("the frame's hash is not that of its ids")
	}
	other := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: plan, Seed: 43})
	if b.items(t, other)[0].ExampleID == got[0] && b.items(t, other)[1].ExampleID == got[1] {
		t.Error("another seed drew the same")
	}

	// Decisions do not change what could be drawn then; a lost example does.
	b.decide(t, b.items(t, s)[0], example.Approve, false)
	if c, err := b.samples.Verify(t.Context(), s.ID); err != nil || !c.Same {
		t.Errorf("Verify after a decision = %+v, %v", c, err)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE sample_items SET example_id = $1 WHERE sample_id = $2 AND ordinal = 7`, decided[0], s.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := b.samples.Verify(t.Context(), s.ID); err != nil || c.Same {
		t.Errorf("Verify of a sample that was tampered with = %+v, %v", c, err)
	}
	if _, err := b.pool.Exec(t.Context(), `DELETE FROM examples WHERE id = $1`, ids[299]); err != nil {
		t.Fatal(err)
	}
	if c, err := b.samples.Verify(t.Context(), other.ID); err != nil || c.Same || c.Why == "" {
		t.Errorf("Verify of a batch that lost an example = %+v, %v", c, err)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	b := start(t)
	voice := exampletest.Insert(t, b.pool, 6, exampletest.Seed{})
	exampletest.Insert(t, b.pool, 4, exampletest.Seed{
		Status: example.Approved, Category: "voice_parsing", Subcategory: "ambiguous",
		Conversation: func(i int) example.Conversation { return exampletest.Conversation(5000 + i) },
	})
	if _, err := b.pool.Exec(t.Context(), `ALTER TABLE revisions DISABLE TRIGGER USER`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE revisions SET metadata = '{"processor_used":"core","n":1,"note":"\u0000"}' WHERE example_id = ANY($1)`, voice[:3]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE revisions SET metadata = '{"processor_used":"lite"}' WHERE example_id = $1`, voice[4]); err != nil {
		t.Fatal(err)
	}
	var source uuid.UUID
	if err := b.pool.QueryRow(t.Context(), `SELECT source_id FROM examples WHERE id = $1`, voice[0]).Scan(&source); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		batch acceptance.Batch
		want  int
	}{
		{"import", b.of(t, voice[0]), 6},
		{"source", acceptance.Batch{Kind: acceptance.Source, Key: source.String(), Scope: acceptance.Waiting}, 6},
		{"category", acceptance.Batch{Kind: acceptance.Category, Key: "voice_parsing", Scope: acceptance.All}, 10},
		{"what waits of it", acceptance.Batch{Kind: acceptance.Category, Key: "voice_parsing", Scope: acceptance.Waiting}, 6},
		{"one kind", acceptance.Batch{Kind: acceptance.Category, Key: "voice_parsing/ambiguous", Scope: acceptance.All}, 4},
		{"generator", acceptance.Batch{Kind: acceptance.Metadata, Key: "processor_used=core", Scope: acceptance.Waiting}, 3},
		{"a number", acceptance.Batch{Kind: acceptance.Metadata, Key: "n=1", Scope: acceptance.Waiting}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := b.draw(t, acceptance.Request{Batch: tt.batch, Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .01}})
			if s.Frame != tt.want || s.N != tt.want { // so few are all looked at
				t.Errorf("frame %d, n %d; want %d", s.Frame, s.N, tt.want)
			}
			if n, known, err := b.samples.Size(t.Context(), tt.batch); err != nil || known && n != tt.want {
				t.Errorf("Size = %d, %v, %v", n, known, err)
			}
			if c, err := b.samples.Verify(t.Context(), s.ID); err != nil || !c.Same {
				t.Errorf("Verify = %+v, %v", c, err)
			}
		})
	}
	for _, bad := range []acceptance.Batch{
		{Kind: acceptance.Import, Key: "nonsense", Scope: acceptance.All},
		{Kind: acceptance.Import, Key: uuid.NewString(), Scope: acceptance.All},
		{Kind: "moon", Key: "1", Scope: acceptance.All},
		{Kind: acceptance.Metadata, Key: "core", Scope: acceptance.All},
		{Kind: acceptance.Category, Key: "voice_parsing"},
		{Kind: acceptance.Category, Key: "a\x00b", Scope: acceptance.All},
	} {
		_, err := b.samples.Draw(t.Context(), b.lead, acceptance.Request{
			Name: "x", Batch: bad, Everybody: true, Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .01},
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("Draw of %+v = %v, want %v", bad, err, fault.Invalid)
		}
	}
}

func TestFixedPlan(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 100, exampletest.Seed{})
	plan := acceptance.Plan{Kind: acceptance.ISO, AQL: 4, Level: 2} // letter F: 20, accept 2
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: plan, Edits: true, People: []uuid.UUID{b.ana.ID}})
	if s.N != 20 || s.Accept != 2 {
		t.Fatalf("n %d, accept %d; want 20, 2", s.N, s.Accept)
	}
	// The reviewer has it as work, and the queue hands out nothing else.
	mine, err := b.work.Of(t.Context(), b.ana.ID)
	if err != nil || len(mine) != 1 || mine[0].Progress.Total != 20 || mine[0].Origin != "/sampling/"+s.ID.String() {
		t.Fatalf("work of the reviewer = %+v, %v", mine, err)
	}
	leases, err := b.reviews.Claim(t.Context(), b.ana.ID, review.Queue{Assignment: mine[0].ID}, 20)
	if err != nil || len(leases) != 20 {
		t.Fatalf("claimed %d of the sample, %v", len(leases), err)
	}
	items := b.items(t, s)
	for _, l := range leases {
		if !slices.ContainsFunc(items, func(i acceptance.Item) bool { return i.ExampleID == l.ExampleID }) {
			t.Errorf("%s is not in the sample", l.ExampleID)
		}
	}

	if r := b.progress(t, s); r.Verdict != acceptance.Continue || r.Reviewed != 0 || r.AtMost != 1 || r.AtMostOf != 100 {
		t.Errorf("before any review: %+v", r)
	}
	if _, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); !errors.Is(err, fault.Conflict) {
		t.Errorf("Close without a verdict = %v", err)
	}
	for _, i := range items[:17] {
		b.decide(t, i, example.Approve, false)
	}
	wrong := b.decide(t, items[17], example.Reject, false)
	b.decide(t, items[18], example.Approve, true)
	r := b.progress(t, s)
	if r.Reviewed != 19 || r.Good != 17 || r.Mended != 1 || r.Refused != 1 || r.Defects != 2 || r.Verdict != acceptance.Continue {
		t.Errorf("after 19: %+v", r)
	}
	// A third defect decides; taken back, it does not.
	third := b.decide(t, items[19], example.Reject, false)
	if r := b.progress(t, s); r.Verdict != acceptance.Reject || r.Defects != 3 {
		t.Errorf("with three defects: %+v", r)
	}
	for _, d := range []uuid.UUID{third, wrong} {
		if _, _, err := b.reviews.Undo(t.Context(), b.ana, d, false); err != nil {
			t.Fatal(err)
		}
	}
	if r := b.progress(t, s); r.Verdict != acceptance.Continue || r.Reviewed != 18 || r.Defects != 1 {
		t.Errorf("one defect and two left: %+v, want to go on", r)
	}
	b.decide(t, items[17], example.Approve, false)
	if r := b.progress(t, s); r.Verdict != acceptance.Accept || r.Reviewed != 19 {
		t.Errorf("one defect and one left, whatever it is: %+v, want accept", r)
	}
	b.decide(t, items[19], example.Approve, false)

	state, err := b.samples.Close(t.Context(), b.lead, s.ID, "Good enough.")
	if err != nil || state != acceptance.Accepted {
		t.Fatalf("Close = %v, %v", state, err)
	}
	if _, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); !errors.Is(err, fault.Conflict) {
		t.Errorf("Close of a closed sample = %v", err)
	}
	// What is decided afterwards does not change the verdict.
	late := b.items(t, b.get(t, s.ID))[3]
	if _, err := b.reviews.Decide(t.Context(), review.Decision{
		ExampleID: late.ExampleID, Reviewer: b.lead, Revision: 1, Seen: example.Approved, Verdict: example.Reject, Reason: "On second thoughts.",
	}); err != nil {
		t.Fatal(err)
	}
	after := b.get(t, s.ID)
	if r := b.progress(t, after); r.Verdict != acceptance.Accept || after.Defects != 1 || after.Reviewed != 20 || after.Note != "Good enough." {
		t.Errorf("after it was closed: %+v of %+v", r, after)
	}
	if mine, err := b.work.Of(t.Context(), b.ana.ID); err != nil || len(mine) != 0 {
		t.Errorf("work left after closing: %+v, %v", mine, err)
	}
	var records int
	if err := b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE object = $1 AND action IN ('sample.drawn', 'sample.accepted')`, "sample/"+s.ID.String()).Scan(&records); err != nil || records != 2 {
		t.Errorf("%d records, %v; want 2", records, err)
	}
}

func TestEditsNeedNotCount(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 3, exampletest.Seed{})
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .9, Bad: .05}})
	for _, i := range b.items(t, s) {
		d := b.decide(t, i, example.Approve, true)
		if i.Ordinal == 1 { // an edit that was taken back is none
			if _, _, err := b.reviews.Undo(t.Context(), b.ana, d, false); err != nil {
				t.Fatal(err)
			}
			i.Revision = 3
			b.decide(t, i, example.Approve, false)
		}
	}
	if r := b.progress(t, s); r.Good != 1 || r.Mended != 2 || r.Defects != 0 || r.Verdict != acceptance.Accept {
		t.Errorf("%+v", r)
	}
}

func TestSequentialPlanDrawsOn(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 400, exampletest.Seed{})
	// The plan of methods.md: 24 without a defect accept, 3 defects reject.
	plan := acceptance.Plan{Kind: acceptance.Sequential, Good: .01, Alpha: .05, Bad: .10, Beta: .10}
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: plan})
	if s.Drawn != 24 || s.Accept != -1 || s.N <= 24 {
		t.Fatalf("drawn %d of at most %d", s.Drawn, s.N)
	}
	if more, err := b.samples.DrawOn(t.Context(), b.lead, s.ID); err != nil || more {
		t.Errorf("DrawOn while items wait = %v, %v", more, err)
	}
	for _, i := range b.items(t, s) {
		verdict := example.Approve
		if i.Ordinal == 5 {
			verdict = example.Reject
		}
		b.decide(t, i, verdict, false)
	}
	if r := b.progress(t, s); r.Verdict != acceptance.Continue || r.Needed != 49-24 {
		t.Errorf("one defect among 24: %+v, want 25 more", r)
	}
	if n, err := b.samples.Advance(t.Context(), audit.Actor{Name: "Spotter"}); err != nil || n != 1 {
		t.Fatalf("Advance = %d, %v", n, err)
	}
	s = b.get(t, s.ID)
	if s.Drawn != 49 {
		t.Fatalf("drawn %d, want 49", s.Drawn)
	}
	items := b.items(t, s)
	if len(items) != 49 {
		t.Fatalf("%d items", len(items))
	}
	for _, i := range items[24:] {
		b.decide(t, i, example.Approve, false)
	}
	if r := b.progress(t, s); r.Verdict != acceptance.Accept || r.Reviewed != 49 || r.Defects != 1 {
		t.Errorf("one defect among 49: %+v, want accept", r)
	}
	if n, err := b.samples.Advance(t.Context(), audit.Actor{Name: "Spotter"}); err != nil || n != 0 {
		t.Errorf("Advance of what is decided = %d, %v", n, err)
	}
	if mine, err := b.work.Of(t.Context(), b.ana.ID); err != nil || len(mine) != 1 {
		t.Errorf("work that runs: %d, %v; want the second part only", len(mine), err)
	}
}

func TestSequentialPlanRejectsEarly(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 400, exampletest.Seed{})
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: acceptance.Plan{Kind: acceptance.Sequential, Good: .01, Alpha: .05, Bad: .10, Beta: .10}})
	for _, i := range b.items(t, s)[:3] {
		b.decide(t, i, example.Reject, false)
	}
	if r := b.progress(t, s); r.Verdict != acceptance.Reject || r.Reviewed != 3 {
		t.Errorf("three defects at once: %+v, want reject", r)
	}
	if state, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); err != nil || state != acceptance.Rejected {
		t.Errorf("Close = %v, %v", state, err)
	}
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 30, exampletest.Seed{})
	s := b.draw(t, acceptance.Request{Batch: b.of(t, ids[0]), Plan: acceptance.Plan{Kind: acceptance.ISO, AQL: 1, Level: 2}})
	if err := b.samples.Abandon(t.Context(), b.lead, s.ID, "The wrong file."); err != nil {
		t.Fatal(err)
	}
	list, next, err := b.samples.List(t.Context(), uuid.Nil, 10)
	if err != nil || next != uuid.Nil || len(list) != 1 || list[0].State != acceptance.Abandoned || list[0].ClosedAt.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("List = %+v, %v, %v", list, next, err)
	}
	if _, err := b.samples.Get(t.Context(), uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get of nothing = %v", err)
	}
}

// DraftReturn stands in for the act, whose tests are package bulk's: it says what it
// was asked for.
func (b *bench) DraftReturn(_ context.Context, by audit.Actor, r acceptance.Return) (uuid.UUID, error) {
	b.returned = append(b.returned, r)
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(by.Name+r.Reason)), nil
}

func TestRejectedBatchGoesBack(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := exampletest.Insert(t, b.pool, 30, exampletest.Seed{})
	plan := acceptance.Plan{Kind: acceptance.ZeroDefect, Confidence: .95, Bad: .10}
	s := b.draw(t, acceptance.Request{Name: "July", Batch: b.of(t, ids[0]), Plan: plan})
	if _, err := b.samples.SendBack(t.Context(), b.lead, s.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("SendBack of an open sample = %v", err)
	}
	b.decide(t, b.items(t, s)[0], example.Reject, false)
	if _, err := b.samples.Close(t.Context(), b.lead, s.ID, ""); err != nil {
		t.Fatal(err)
	}
	act, err := b.samples.SendBack(t.Context(), b.lead, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []acceptance.Return{{Batch: b.of(t, ids[0]), Reason: `The batch was rejected, with 1 of 1 defective in the sample "July".`}}
	if diff := cmp.Diff(want, b.returned); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if got := b.get(t, s.ID).Returned; got != act {
		t.Errorf("the sample notes act %s, want %s", got, act)
	}
}
