package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// A house is a workspace with people, the default catalog and checks of its own:
// BAD in a message is an error, and everything in knowledge_base gets a warning.
type house struct {
	*testing.T
	pool    *pgxpool.Pool
	bulk    *bulk.Service
	review  *review.Service
	browse  *browse.Service
	catalog *catalog.Store
	lea     audit.Actor // a lead
	ben     audit.Actor // a reviewer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, pool: pgtest.New(t)}
	ctx := t.Context()
	if _, err := h.pool.Exec(ctx, "INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.catalog, err = catalog.OpenStore(ctx, h.pool, catalog.Default); err != nil {
		t.Fatal(err)
	}
	people := account.New(h.pool, account.Config{})
	add := func(name string, role account.Role) audit.Actor {
		u, err := people.Add(ctx, audit.Actor{Name: "test"}, account.Person{Email: name + "@example.org", Name: name, Password: "two plates and a half"}, role)
		if err != nil {
			t.Fatal(err)
		}
		return u.Actor()
	}
	h.lea, h.ben = add("Lea", account.Lead), add("Ben", account.Reviewer)
	h.browse = browse.New(h.pool, exampletest.Dataset)
	h.review = review.New(review.Config{
		DB: h.pool, Dataset: exampletest.Dataset, Check: check,
		Order: func(ctx context.Context) ([]string, error) {
			c, err := h.catalog.Current(ctx)
			if err != nil {
				return nil, err
			}
			return c.Slugs(), nil
		},
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n, n - 25 },
	})
	h.bulk = bulk.New(bulk.Config{
		DB: h.pool, Dataset: exampletest.Dataset, Browse: h.browse, Review: h.review, Assign: assign.New(h.pool, exampletest.Dataset, nil),
		Catalog: h.catalog.Current, Log: slog.New(slog.DiscardHandler),
	})
	return h
}

func check(_ context.Context, s lint.Subject) ([]lint.Finding, error) {
	var found []lint.Finding
	for i, m := range s.Conversation.Messages {
		if strings.Contains(m.Content, "BAD") {
			found = append(found, lint.Finding{Rule: "test/bad", Severity: lint.Error, Message: "Take out BAD.", Path: fmt.Sprintf("/messages/%d/content", i)})
		}
	}
	if s.Category == "knowledge_base" {
		found = append(found, lint.Finding{Rule: "test/shelf", Severity: lint.Warning, Message: "On the other shelf."})
	}
	return found, nil
}

// prepared drafts an act and tries it out.
func (h *house) prepared(kind bulk.Kind, sel bulk.Selection, p bulk.Parameters) bulk.Act {
	h.Helper()
	a, err := h.bulk.Draft(h.Context(), h.lea, kind, sel)
	if err == nil {
		a, err = h.bulk.Prepare(h.Context(), h.lea, a.ID, p)
	}
	if err != nil {
		h.Fatal(err)
	}
	return a
}

// run starts an act and carries it out; it returns what became of it.
func (h *house) run(a bulk.Act) bulk.Act {
	h.Helper()
	if err := h.bulk.Start(h.Context(), h.lea, a.ID); err != nil {
		h.Fatal(err)
	}
	return h.goOn(a.ID)
}

func (h *house) undo(a bulk.Act) bulk.Act {
	h.Helper()
	if err := h.bulk.Undo(h.Context(), h.lea, a.ID, false); err != nil {
		h.Fatal(err)
	}
	return h.goOn(a.ID)
}

func (h *house) goOn(id uuid.UUID) bulk.Act {
	h.Helper()
	if err := h.bulk.Run(h.Context(), id); err != nil {
		h.Fatal(err)
	}
	a, err := h.bulk.Get(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return a
}

func (h *house) tally(id uuid.UUID) []bulk.Line {
	h.Helper()
	lines, err := h.bulk.Tally(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return lines
}

func (h *house) decide(by audit.Actor, id uuid.UUID, revision int, v example.Verdict) {
	h.Helper()
	if _, err := h.review.Decide(h.Context(), review.Decision{ExampleID: id, Reviewer: by, Revision: revision, Verdict: v, Reason: "because"}); err != nil {
		h.Fatal(err)
	}
}

func (h *house) text(sql string, args ...any) string {
	h.Helper()
	var s string
	if err := h.pool.QueryRow(h.Context(), sql, args...).Scan(&s); err != nil {
		h.Fatal(err)
	}
	return s
}

// statuses are the examples' statuses and revisions: "approved 1".
func (h *house) statuses(ids []uuid.UUID) []string {
	h.Helper()
	var all []string
	for _, id := range ids {
		all = append(all, h.text("SELECT status || ' ' || revision FROM examples WHERE id = $1", id))
	}
	return all
}

// sound fails when the maintained counters do not say what is there.
func (h *house) sound() {
	h.Helper()
	for name, sql := range map[string]string{
		"counters": `SELECT coalesce(string_agg(x::text, ' ' ORDER BY x::text), '') FROM (
			(SELECT category, subcategory, status, sum(examples), sum(tokens) FROM counters GROUP BY 1, 2, 3 HAVING sum(examples) <> 0
			 EXCEPT SELECT category, subcategory, status, count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3)
			UNION ALL
			(SELECT category, subcategory, status, count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3
			 EXCEPT SELECT category, subcategory, status, sum(examples), sum(tokens) FROM counters GROUP BY 1, 2, 3)) x`,
		"figures of findings": `SELECT coalesce(string_agg(x::text, ' ' ORDER BY x::text), '') FROM (
			(SELECT rule, severity, category, status, sum(findings) f, sum(examples) n FROM finding_counts GROUP BY 1, 2, 3, 4 HAVING sum(findings) <> 0 OR sum(examples) <> 0
			 EXCEPT SELECT rule, severity, e.category, e.status, count(*), count(DISTINCT e.id) FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision WHERE NOT waived GROUP BY 1, 2, 3, 4)
			UNION ALL
			(SELECT rule, severity, e.category, e.status, count(*), count(DISTINCT e.id) FROM findings f JOIN examples e ON e.id = f.example_id AND e.revision = f.revision WHERE NOT waived GROUP BY 1, 2, 3, 4
			 EXCEPT SELECT rule, severity, category, status, sum(findings), sum(examples) FROM finding_counts GROUP BY 1, 2, 3, 4)) x`,
	} {
		if diff := h.text(sql); diff != "" {
			h.Errorf("%s are off: %s", name, diff)
		}
	}
}

func bad(i int) example.Conversation {
	c := exampletest.Conversation(1000 + i)
	c.Messages[0].Content += " BAD"
	return c
}

var findings = []exampletest.Finding{{Rule: "test/bad", Severity: "error", Message: "Take out BAD.", Path: "/messages/0/content"}}

// TestPreviewSaysWhatHappens tries every kind of act out on a mixed lot and holds
// what was said against what then happens, and what is there after the undo against
// what was there before.
func TestPreviewSaysWhatHappens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind bulk.Kind
		p    bulk.Parameters
		want []bulk.Line
	}{
		{"approve", bulk.Approve, bulk.Parameters{}, []bulk.Line{
			{Outcome: "changed", Result: "approved", Examples: 3},
			{Outcome: "stayed", Reason: "has errors", Examples: 2},
			{Outcome: "stayed", Reason: "approved already", Examples: 1},
			{Outcome: "stayed", Reason: "rejected: look at why on its own page", Examples: 1},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"approve over errors", bulk.Approve, bulk.Parameters{OverrideReason: "BAD is the athlete's own word"}, []bulk.Line{
			{Outcome: "changed", Result: "approved", Examples: 5},
			{Outcome: "stayed", Reason: "approved already", Examples: 1},
			{Outcome: "stayed", Reason: "rejected: look at why on its own page", Examples: 1},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"reject", bulk.Reject, bulk.Parameters{Reason: "made by the old generator"}, []bulk.Line{
			{Outcome: "changed", Result: "rejected", Examples: 5},
			{Outcome: "stayed", Reason: "rejected already", Examples: 1},
			{Outcome: "stayed", Reason: "somebody else approved it", Examples: 1},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"reject over approvals", bulk.Reject, bulk.Parameters{Reason: "made by the old generator", OverApprovals: true}, []bulk.Line{
			{Outcome: "changed", Result: "rejected", Examples: 6},
			{Outcome: "stayed", Reason: "rejected already", Examples: 1},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"move", bulk.Move, bulk.Parameters{Category: "knowledge_base", Subcategory: "decision_tree"}, []bulk.Line{
			{Outcome: "changed", Result: "moved", Examples: 5},
			{Outcome: "changed", Result: "moved, pending again", Examples: 2},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"tag", bulk.Tag, bulk.Parameters{Tag: " needs  photo "}, []bulk.Line{{Outcome: "changed", Result: "tagged", Examples: 9}}},
		{"untag", bulk.Untag, bulk.Parameters{Tag: "nowhere"}, []bulk.Line{{Outcome: "stayed", Reason: "does not have the tag", Examples: 9}}},
		{"assign", bulk.Assign, bulk.Parameters{Everybody: true}, []bulk.Line{{Outcome: "changed", Result: "given", Examples: 9}}},
		{"waive", bulk.Waive, bulk.Parameters{Rule: "test/bad", Reason: "meant so"}, []bulk.Line{
			{Outcome: "changed", Result: "waived", Examples: 2}, {Outcome: "stayed", Reason: "has no such finding", Examples: 7},
		}},
		{"replace", bulk.Replace, bulk.Parameters{Find: `bench (\d+)`, With: "bench press ${1} kg", Regexp: true, Roles: []string{"user"}}, []bulk.Line{
			{Outcome: "changed", Result: "changed", Examples: 5},
			{Outcome: "changed", Result: "changed, pending again", Examples: 2},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"replace plainly", bulk.Replace, bulk.Parameters{Find: ` bad`, With: "", FoldCase: true, Roles: []string{"user", "assistant"}}, []bulk.Line{
			{Outcome: "changed", Result: "changed, with fewer errors", Examples: 2},
			{Outcome: "stayed", Reason: "nothing to replace in it", Examples: 5},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
		{"restore", bulk.Restore, bulk.Parameters{To: bulk.ToFirst}, []bulk.Line{
			{Outcome: "stayed", Reason: "was never changed", Examples: 7},
			{Outcome: "stayed", Reason: "somebody is working on it", Examples: 1},
			{Outcome: "stayed", Reason: "waits for an answer, which ends on its own page", Examples: 1},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ids := exampletest.Insert(t, h.pool, 7, exampletest.Seed{})
			ids = append(ids, exampletest.Insert(t, h.pool, 2, exampletest.Seed{Conversation: bad, Findings: findings})...)
			h.decide(h.ben, ids[0], 1, example.Approve)
			h.decide(h.ben, ids[1], 1, example.Reject)
			h.decide(h.ben, ids[2], 1, example.Escalate)
			if _, err := h.pool.Exec(t.Context(), "INSERT INTO leases (dataset_id, example_id, reviewer_id, expires_at) VALUES ($1, $2, $3, now() + interval '1 hour')", exampletest.Dataset, ids[3], h.ben.ID); err != nil {
				t.Fatal(err)
			}
			was := h.text("SELECT string_agg(concat_ws(' ', status, category, subcategory, errors, warnings), E'\n' ORDER BY id) FROM examples")
			contents := `SELECT string_agg(r.messages, E'\n' ORDER BY e.id) FROM examples e JOIN revisions r ON r.example_id = e.id AND r.revision = e.revision`
			said := h.text(contents)
			rows := `SELECT concat_ws(' ', (SELECT count(*) FROM decisions), (SELECT count(*) FROM revisions), (SELECT count(*) FROM findings), (SELECT count(*) FROM waivers), (SELECT count(*) FROM example_tags), (SELECT count(*) FROM audit_log), (SELECT count(*) FROM river_job))`
			before := h.text(rows)

			a := h.prepared(tt.kind, bulk.Selection{Picked: ids}, tt.p)
			if after := h.text(rows); after != before {
				t.Errorf("trying out left something: %s rows, want %s", after, before)
			}
			want := append([]bulk.Line(nil), tt.want...)
			sort(want)
			if diff := cmp.Diff(want, a.Forecast.Lines); diff != "" || !a.Forecast.Whole() {
				t.Errorf("the forecast (-want +got)\n%s", diff)
			}
			a = h.run(a)
			if diff := cmp.Diff(want, h.tally(a.ID)); diff != "" || a.State != bulk.Done || a.Changed+a.Stayed != 9 {
				t.Errorf("the act is %s, %d changed, %d stayed (-want +got)\n%s", a.State, a.Changed, a.Stayed, diff)
			}
			h.sound()
			if kinds := h.text("SELECT coalesce(string_agg(DISTINCT kind, ' '), '') FROM decisions WHERE request_key LIKE 'act/%'"); kinds != "" && kinds != "bulk" {
				t.Errorf("decisions of the act are of kind %s", kinds)
			}
			changed := a.Changed
			a = h.undo(a)
			if a.State != bulk.Undone || a.Reversed != changed || a.Kept != 0 {
				t.Errorf("undone: %s, %d of %d taken back, %d kept", a.State, a.Reversed, changed, a.Kept)
			}
			if is := h.text("SELECT string_agg(concat_ws(' ', status, category, subcategory, errors, warnings), E'\n' ORDER BY id) FROM examples"); is != was {
				t.Errorf("after the undo (-want +got)\n%s", cmp.Diff(was, is))
			}
			if is := h.text(contents); is != said {
				t.Error("after the undo the contents are others")
			}
			if n := h.text("SELECT count(*)::text FROM example_tags"); n != "0" {
				t.Errorf("%s tags are left", n)
			}
			h.sound()
		})
	}
}

func sort(lines []bulk.Line) {
	for i := range lines {
		for j := i; j > 0 && less(lines[j], lines[j-1]); j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
}

func less(a, b bulk.Line) bool {
	switch {
	case a.Outcome != b.Outcome:
		return a.Outcome < b.Outcome
	case a.Examples != b.Examples:
		return a.Examples > b.Examples
	}
	return a.Result+a.Reason < b.Result+b.Reason
}

// TestFrozen: an act is about what was seen when it was drafted.
func TestFrozen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := exampletest.Insert(t, h.pool, 4, exampletest.Seed{})
	a := h.prepared(bulk.Approve, bulk.Selection{Filter: &browse.Filter{Status: example.Pending}}, bulk.Parameters{})
	if a.Total != 4 || a.Filter == nil || a.Filter.Status != example.Pending {
		t.Fatalf("act = %+v, want the four that are pending", a)
	}
	later := exampletest.Insert(t, h.pool, 1, exampletest.Seed{Conversation: bad})
	h.decide(h.ben, ids[0], 1, example.Reject)
	if _, err := h.review.Decide(t.Context(), review.Decision{
		ExampleID: ids[1], Reviewer: h.ben, Revision: 1, Verdict: example.Skip,
	}); err != nil {
		t.Fatal(err)
	}
	a = h.run(a)
	if diff := cmp.Diff([]bulk.Line{{Outcome: "changed", Result: "approved", Examples: 3}, {Outcome: "stayed", Reason: "changed since it was chosen", Examples: 1}}, h.tally(a.ID)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"rejected 1", "approved 1", "approved 1", "approved 1", "pending 1"}, h.statuses(append(ids, later...))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Somebody has been there since: that one is kept, and said so.
	h.decideAgain(ids[2])
	a = h.undo(a)
	if a.Reversed != 2 || a.Kept != 1 {
		t.Errorf("%d taken back, %d kept, want 2 and 1", a.Reversed, a.Kept)
	}
	kept, err := h.bulk.Items(t.Context(), a.ID, bulk.Kept, uuid.Nil, 10)
	if err != nil || len(kept) != 1 || kept[0].Example != ids[2] || !strings.Contains(kept[0].Reason, "since") {
		t.Errorf("Items(kept) = %+v, %v", kept, err)
	}
	if err := h.bulk.Undo(t.Context(), h.lea, a.ID, true); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second Undo() = %v", err)
	}
}

// decideAgain has Ben reject what is approved.
func (h *house) decideAgain(id uuid.UUID) {
	h.Helper()
	if _, err := h.review.Decide(h.Context(), review.Decision{
		ExampleID: id, Reviewer: h.ben, Revision: 1, Seen: example.Approved, Verdict: example.Reject, Reason: "no",
	}); err != nil {
		h.Fatal(err)
	}
}

// TestReviewersGoOn has reviewers decide while an act runs, two workers fight for
// it, and the first of them die in the middle.
func TestReviewersGoOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	const n = 240
	ids := exampletest.Insert(t, h.pool, n, exampletest.Seed{})
	a := h.prepared(bulk.Approve, bulk.Selection{Filter: &browse.Filter{Category: "voice_parsing"}}, bulk.Parameters{})
	if err := h.bulk.Start(ctx, h.lea, a.ID); err != nil {
		t.Fatal(err)
	}
	// The first worker dies after some examples: its context ends in the middle of
	// one, and as after kill -9 nobody gives the act back.
	dying, kill := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := n - 1; i >= 0; i-- {
			_, err := h.review.Decide(ctx, review.Decision{ExampleID: ids[i], Reviewer: h.ben, Revision: 1, Verdict: example.Reject, Reason: "not this one"})
			if err != nil && !errors.Is(err, fault.Conflict) {
				t.Errorf("reviewer: %v", err)
			}
			if i == n-20 {
				kill()
			}
		}
	})
	if err := h.bulk.Run(dying, a.ID); err == nil {
		t.Log("the worker was done before it was killed")
	}
	if _, err := h.pool.Exec(ctx, "UPDATE acts SET state = 'running', worker = gen_random_uuid(), heartbeat_at = now() - interval '31 seconds' WHERE state <> 'done'"); err != nil {
		t.Fatal(err)
	}
	var failed [2]error
	for i := range failed {
		wg.Go(func() { failed[i] = h.bulk.Run(ctx, a.ID) })
	}
	wg.Wait()
	kill()
	for _, err := range failed {
		if err != nil && !errors.Is(err, bulk.ErrBusy) {
			t.Errorf("Run() = %v", err)
		}
	}
	a, err := h.bulk.Get(ctx, a.ID)
	if err != nil || a.State != bulk.Done || a.Changed+a.Stayed != n {
		t.Fatalf("act = %+v, %v", a, err)
	}
	// Every example was decided once, by the act or by Ben; an approval by the act
	// that Ben met is not his to reject unseen.
	if got := h.text(`SELECT count(*)::text FROM (SELECT example_id FROM decisions WHERE request_key LIKE 'act/%' GROUP BY 1 HAVING count(*) > 1) x`); got != "0" {
		t.Errorf("%s examples were approved twice by the act", got)
	}
	if got := h.text(`SELECT count(*)::text FROM examples WHERE status = 'pending'`); got != "0" {
		t.Errorf("%s examples are pending", got)
	}
	if got := h.text(`SELECT count(*)::text FROM act_items i JOIN examples e ON e.id = i.example_id WHERE (i.outcome = 'changed') <> (e.status = 'approved')`); got != "0" {
		t.Errorf("%s examples do not stand as the act says", got)
	}
	if got := h.text(`SELECT count(*)::text FROM audit_log WHERE action = 'act.done'`); got != "1" {
		t.Errorf("the act ended %s times", got)
	}
	h.sound()
}

// TestTakenUp: an act whose process died is found, and one job is made of it.
func TestTakenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	exampletest.Insert(t, h.pool, 3, exampletest.Seed{})
	a := h.prepared(bulk.Tag, bulk.Selection{Filter: &browse.Filter{}}, bulk.Parameters{Tag: "x"})
	if err := h.bulk.Start(t.Context(), h.lea, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.pool.Exec(t.Context(), "UPDATE river_job SET state = 'running'"); err != nil { // by a process that is no more
		t.Fatal(err)
	}
	if err := h.bulk.TakeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.text("SELECT count(*)::text FROM river_job WHERE state = 'available' AND queue = 'acts'"); n != "1" {
		t.Errorf("%s jobs, want one beside the lost one", n)
	}
	if a := h.goOn(a.ID); a.Changed != 3 {
		t.Errorf("act = %+v", a)
	}
	ids, more, err := h.browse.All(t.Context(), browse.Filter{Tag: "x"}, 10, 0)
	if err != nil || len(ids) != 3 || more {
		t.Errorf("All(tag x) = %v, %v, %v", ids, more, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	ids := exampletest.Insert(t, h.pool, 2, exampletest.Seed{})
	for name, sel := range map[string]bulk.Selection{
		"nothing": {}, "nothing matches": {Filter: &browse.Filter{Status: example.Approved}},
		"too many by hand": {Picked: make([]uuid.UUID, bulk.MaxPicked+1)}, "no such status": {Filter: &browse.Filter{Status: "great"}},
	} {
		if _, err := h.bulk.Draft(ctx, h.lea, bulk.Approve, sel); !errors.Is(err, fault.Invalid) {
			t.Errorf("Draft(%s) = %v, want it refused", name, err)
		}
	}
	if _, err := h.bulk.Draft(ctx, h.lea, "delete", bulk.Selection{Picked: ids}); !errors.Is(err, fault.Invalid) {
		t.Errorf("Draft(delete) = %v", err)
	}
	for _, tt := range []struct {
		kind  bulk.Kind
		p     bulk.Parameters
		field string
	}{
		{bulk.Reject, bulk.Parameters{}, "reason"},
		{bulk.Move, bulk.Parameters{Category: "yoga"}, "category"},
		{bulk.Move, bulk.Parameters{Category: "voice_parsing", Subcategory: "yoga"}, "subcategory"},
		{bulk.Tag, bulk.Parameters{Tag: "<script>"}, "tag"},
		{bulk.Tag, bulk.Parameters{Tag: strings.Repeat("x", 41)}, "tag"},
		{bulk.Assign, bulk.Parameters{}, "people"},
		{bulk.Assign, bulk.Parameters{Everybody: true, Due: "soon"}, "due"},
		{bulk.Waive, bulk.Parameters{Rule: "test/bad"}, "reason"},
		{bulk.Waive, bulk.Parameters{Rule: "duplicate/near", Reason: "x"}, "rule"},
		{bulk.Replace, bulk.Parameters{Find: "(", Regexp: true, Roles: []string{"user"}}, "find"},
		{bulk.Replace, bulk.Parameters{Find: "a", Roles: []string{"coach"}}, "roles"},
		{bulk.Replace, bulk.Parameters{Find: "a", With: "\x00", Roles: []string{"user"}}, "with"},
		{bulk.Restore, bulk.Parameters{To: "monday"}, "to"},
	} {
		a, err := h.bulk.Draft(ctx, h.lea, tt.kind, bulk.Selection{Picked: ids})
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.bulk.Prepare(ctx, h.lea, a.ID, tt.p)
		if f, ok := fault.As(err); !ok || f.Fields[tt.field] == "" {
			t.Errorf("Prepare(%s %+v) = %v, want a problem with %s", tt.kind, tt.p, err, tt.field)
		}
		if err := h.bulk.Start(ctx, h.lea, a.ID); !errors.Is(err, fault.Conflict) {
			t.Errorf("Start() of what was not tried out = %v", err)
		}
	}
	a := h.prepared(bulk.Approve, bulk.Selection{Picked: ids}, bulk.Parameters{})
	if err := h.bulk.Start(ctx, h.ben, a.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("Start() of somebody else's draft = %v", err)
	}
	a = h.run(a)
	if err := h.bulk.Start(ctx, h.lea, a.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("a second Start() = %v", err)
	}
	if err := h.bulk.Undo(ctx, h.ben, a.ID, false); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Undo() by somebody else = %v", err)
	}
}

// TestReplacing looks at what a replacement shows and does.
func TestReplacing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := exampletest.Insert(t, h.pool, 1, exampletest.Seed{Conversation: func(int) example.Conversation {
		return example.Conversation{Messages: []example.Message{
			{Role: example.System, Content: "You are a coach. 5 kg"},
			{Role: example.User, Content: "<script>alert(1)</script> 5 kg and 10 KG\nline two 7 kg"},
			{Role: example.Assistant, Content: `{"weight":"5 kg"}`},
		}}
	}})
	a := h.prepared(bulk.Replace, bulk.Selection{Picked: ids}, bulk.Parameters{Find: `(\d+) kg$`, With: "$1 kilos BAD", Regexp: true, FoldCase: true, Roles: []string{"user"}})
	want := []bulk.Diff{{Example: ids[0], Result: "changed, with new errors", Hunks: []bulk.Hunk{
		{Message: 2, Role: "user", Before: "<script>alert(1)</script> 5 kg and ", Was: "10 KG", Becomes: "10 kilos BAD", After: "\nline two 7 kg"},
		{Message: 2, Role: "user", Before: "<script>alert(1)</script> 5 kg and 10 KG\nline two ", Was: "7 kg", Becomes: "7 kilos BAD"},
	}}}
	if diff := cmp.Diff(want, a.Forecast.Diffs); diff != "" {
		t.Errorf("diffs (-want +got)\n%s", diff)
	}
	h.run(a)
	if got := h.text("SELECT messages FROM revisions WHERE revision = 2"); got != `[{"role":"system","content":"You are a coach. 5 kg"},{"role":"user","content":"<script>alert(1)</script> 5 kg and 10 kilos BAD\nline two 7 kilos BAD"},{"role":"assistant","content":"{\"weight\":\"5 kg\"}"}]` {
		t.Errorf("messages = %s", got)
	}
	if got := h.text("SELECT errors::text FROM examples"); got != "1" {
		t.Errorf("%s errors after the replacement, want the live check's one", got)
	}
	// What would not end: RE2 has no such patterns, and a message has a limit.
	a = h.prepared(bulk.Replace, bulk.Selection{Picked: ids}, bulk.Parameters{Find: `(a*)*`, With: strings.Repeat("x", 9000), Regexp: true, Roles: []string{"user"}})
	h.run(a)
	a = h.prepared(bulk.Replace, bulk.Selection{Picked: ids}, bulk.Parameters{Find: `x`, With: strings.Repeat("y", 9000), Roles: []string{"user"}})
	if diff := cmp.Diff([]bulk.Line{{Outcome: "stayed", Reason: "would get longer than a megabyte", Examples: 1}}, a.Forecast.Lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
