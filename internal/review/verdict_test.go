package review_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

// teamService works with the default catalog, in which injury examples need two
// approvals, red flags and medication a clinician. share of what is decided gets a
// second look, and a look is hidden in a claim wherever chance lets it.
func teamService(t *testing.T, pool *pgxpool.Pool, share, chance float64) *review.Service {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.SecondLookShare = &share
	return review.New(review.Config{
		DB: pool, Dataset: exampletest.Dataset,
		Catalog: func(context.Context) (*catalog.Catalog, error) { return c, nil },
		Chance:  func() float64 { return chance },
		Order:   func(context.Context) ([]string, error) { return c.Slugs(), nil },
		Check:   func(context.Context, lint.Subject) ([]lint.Finding, error) { return nil, nil },
		Count:   func(c example.Conversation) (int, int) { return 100, 75 },
	})
}

// member makes somebody with an account, so that they can have skills.
func member(t *testing.T, pool *pgxpool.Pool, name string, skills ...string) audit.Actor {
	t.Helper()
	a := person(name)
	if skills == nil {
		skills = []string{}
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO users (id, email, name, role, skills) VALUES ($1, $2, $3, 'reviewer', $4)`,
		a.ID, a.ID.String()+"@example.com", name, skills); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestVerdictRules plays sequences of decisions by different people.
func TestVerdictRules(t *testing.T) {
	t.Parallel()
	type step struct {
		who     string // ana, bo, cy review; doc is a clinician; lead leads
		what    string // approve, reject, escalate, edit (and approve), undo (their last)
		want    example.Status
		refused error
	}
	for _, tt := range []struct {
		name     string
		sub      string
		findings []exampletest.Finding
		steps    []step
	}{
		{name: "two approvals", steps: []step{{"ana", "approve", "pending", nil}, {"bo", "approve", "approved", nil}}},
		{name: "nobody counts twice", steps: []step{{"ana", "approve", "pending", nil}, {"ana", "approve", "pending", nil}, {"bo", "approve", "approved", nil}}},
		{name: "the first reject rejects", steps: []step{{"ana", "reject", "rejected", nil}}},
		{name: "a reject against an approval is for a lead", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"cy", "approve", "", fault.Conflict}, {"lead", "reject", "rejected", nil},
		}},
		{name: "who changes their mind disagrees with nobody", steps: []step{{"ana", "approve", "pending", nil}, {"ana", "reject", "rejected", nil}}},
		{name: "what a lead settled stays", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"lead", "approve", "approved", nil}, {"bo", "reject", "", fault.Conflict},
		}},
		{name: "an edit starts the count again", steps: []step{{"ana", "approve", "pending", nil}, {"bo", "edit", "pending", nil}, {"ana", "approve", "approved", nil}}},
		{name: "a question is answered by a clinician", steps: []step{{"ana", "escalate", "escalated", nil}, {"bo", "approve", "", fault.Conflict}, {"doc", "approve", "approved", nil}}},
		{name: "a disagreement is not", steps: []step{{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"doc", "approve", "", fault.Conflict}}},
		{name: "a red flag needs a clinician among its approvers", sub: "red_flag", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "approve", "pending", nil}, {"doc", "approve", "approved", nil},
		}},
		{name: "who may come first", sub: "red_flag", steps: []step{{"doc", "approve", "pending", nil}, {"bo", "approve", "approved", nil}}},
		{name: "a lead alone is no clinician", sub: "red_flag", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"lead", "approve", "", fault.Invalid}, {"lead", "reject", "rejected", nil},
		}},
		{name: "medication needs one too", findings: []exampletest.Finding{{Rule: "injury/medication", Severity: "warning", Message: "m"}}, steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "approve", "pending", nil}, {"doc", "approve", "approved", nil},
		}},
		{name: "undo of the second approval", steps: []step{{"ana", "approve", "pending", nil}, {"bo", "approve", "approved", nil}, {"bo", "undo", "pending", nil}, {"cy", "approve", "approved", nil}}},
		{name: "undo of the first, while it is alone", steps: []step{{"ana", "approve", "pending", nil}, {"ana", "undo", "pending", nil}, {"bo", "approve", "pending", nil}, {"cy", "approve", "approved", nil}}},
		{name: "not once somebody built on it", steps: []step{{"ana", "approve", "pending", nil}, {"bo", "approve", "approved", nil}, {"ana", "undo", "", fault.Conflict}}},
		{name: "undo of a disagreement: who was told of it is no second opinion", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"bo", "undo", "pending", nil}, {"bo", "approve", "pending", nil}, {"cy", "approve", "approved", nil},
		}},
		{name: "a slip: what was said before one knew is still one's own", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "approve", "approved", nil}, {"bo", "undo", "pending", nil}, {"bo", "approve", "approved", nil},
		}},
		{name: "the disagreement comes back when it is said again", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"bo", "undo", "pending", nil}, {"bo", "approve", "pending", nil}, {"bo", "undo", "pending", nil}, {"bo", "reject", "escalated", nil},
		}},
		{name: "an edit is one's own, whatever was said before", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"bo", "undo", "pending", nil}, {"bo", "edit", "pending", nil}, {"cy", "approve", "approved", nil},
		}},
		{name: "undo of an edit brings the approvals of the words back", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "edit", "pending", nil}, {"bo", "undo", "pending", nil}, {"cy", "approve", "approved", nil},
		}},
		{name: "and who gave them counts once", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "edit", "pending", nil}, {"bo", "undo", "pending", nil}, {"ana", "approve", "pending", nil}, {"cy", "approve", "approved", nil},
		}},
		{name: "undo of an edit of what was approved", steps: []step{
			{"ana", "approve", "pending", nil}, {"cy", "approve", "approved", nil}, {"bo", "edit", "pending", nil}, {"bo", "undo", "approved", nil},
		}},
		{name: "a disagreement with what was carried over", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "edit", "pending", nil}, {"bo", "undo", "pending", nil}, {"cy", "reject", "escalated", nil},
		}},
		{name: "undo of a ruling asks again", steps: []step{
			{"ana", "approve", "pending", nil}, {"bo", "reject", "escalated", nil}, {"lead", "reject", "rejected", nil}, {"lead", "undo", "escalated", nil}, {"lead", "approve", "approved", nil},
		}},
		{name: "undo of an edit", steps: []step{{"ana", "edit", "pending", nil}, {"ana", "undo", "pending", nil}, {"bo", "approve", "pending", nil}, {"ana", "approve", "approved", nil}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			sub := tt.sub
			if sub == "" {
				sub = "acute"
			}
			id := exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: sub, Findings: tt.findings})[0]
			s := teamService(t, pool, 0, 1)
			people := map[string]audit.Actor{
				"ana": member(t, pool, "Ana"), "bo": member(t, pool, "Bo"), "cy": member(t, pool, "Cy"),
				"doc": member(t, pool, "Doc", "clinician"), "lead": member(t, pool, "Lead"),
			}
			last := map[string]uuid.UUID{}
			for i, step := range tt.steps {
				now := read(t, pool, id)
				var out review.Outcome
				var err error
				if step.what == "undo" {
					out, _, err = s.Undo(t.Context(), people[step.who], last[step.who], false)
					if rerr := s.Release(t.Context(), people[step.who].ID, []uuid.UUID{id}); rerr != nil {
						t.Fatal(rerr)
					}
				} else {
					d := review.Decision{
						ExampleID: id, Reviewer: people[step.who], Revision: now.Revision, Seen: example.Status(now.Status),
						Verdict: example.Verdict(step.what), Reason: "because", Lead: step.who == "lead",
					}
					if step.what == "edit" {
						d.Verdict, d.Messages = example.Approve, edited(fmt.Sprintf("edit %d", i))
					}
					out, err = s.Decide(t.Context(), d)
					last[step.who] = out.DecisionID
				}
				if !errors.Is(err, step.refused) {
					t.Fatalf("step %d, %s %s = %v, want %v", i+1, step.who, step.what, err, step.refused)
				}
				after := read(t, pool, id)
				if step.refused != nil {
					if diff := cmp.Diff(now, after); diff != "" {
						t.Errorf("step %d was refused and changed something:\n%s", i+1, diff)
					}
					continue
				}
				if out.Status != step.want || after.Status != string(step.want) {
					t.Fatalf("after step %d, %s %s: %s (told %s), want %s", i+1, step.who, step.what, after.Status, out.Status, step.want)
				}
				// What is open fits the status.
				var open int
				if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM escalations WHERE answered_at IS NULL").Scan(&open); err != nil {
					t.Fatal(err)
				}
				if (open > 0) != (after.Status == "escalated") || open > 1 {
					t.Errorf("after step %d the example is %s and %d escalations are open", i+1, after.Status, open)
				}
			}
		})
	}
}

func TestWaivingNeedsTheSkill(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{
		Category: "injury_analysis", Subcategory: "acute", Findings: []exampletest.Finding{{Rule: "injury/medication", Severity: "warning", Message: "m"}},
	})[0]
	s := teamService(t, pool, 0, 1)
	w := review.Waiving{ExampleID: id, By: member(t, pool, "Ana"), Revision: 1, Rule: "injury/medication", Reason: "It is fine."}
	if _, err := s.Waive(t.Context(), w); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Waive() by somebody without the skill = %v, want fault.Forbidden", err)
	}
	w.By = member(t, pool, "Doc", "clinician")
	if _, err := s.Waive(t.Context(), w); err != nil {
		t.Errorf("Waive() by a clinician = %v", err)
	}
}

func TestClaimLeavesOutWhatOneJudged(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exampletest.Insert(t, pool, 2, exampletest.Seed{Category: "injury_analysis", Subcategory: "red_flag"})
	s := teamService(t, pool, 0, 1)
	ana, bo, cy, doc := member(t, pool, "Ana"), member(t, pool, "Bo"), member(t, pool, "Cy"), member(t, pool, "Doc", "clinician")
	take := func(who audit.Actor) []review.Lease {
		t.Helper()
		got, err := s.Claim(t.Context(), who.ID, review.Queue{Category: "injury_analysis"}, 2)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	approveAll := func(who audit.Actor, leases []review.Lease) {
		t.Helper()
		for _, l := range leases {
			if _, err := s.Decide(t.Context(), review.Decision{ExampleID: l.ExampleID, Reviewer: who, Revision: 1, Verdict: example.Approve}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, who := range []audit.Actor{ana, bo} {
		got := take(who)
		if len(got) != 2 {
			t.Fatalf("%s gets %d of 2", who.Name, len(got))
		}
		approveAll(who, got)
		if again := take(who); len(again) != 0 {
			t.Errorf("%s gets again what they approved: %v", who.Name, again)
		}
	}
	// Two approvals are there; what is missing is a clinician.
	if got := take(cy); len(got) != 0 {
		t.Errorf("somebody without the skill gets %d examples whose approval needs it", len(got))
	}
	if got := take(doc); len(got) != 2 {
		t.Errorf("the clinician gets %d of 2", len(got))
	}
}

func TestSecondLook(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		decide review.Decision
		status string
		agrees string
	}{
		{"agrees", review.Decision{Verdict: example.Approve}, "approved", "true"},
		{"disagrees", review.Decision{Verdict: example.Reject, Reason: "no"}, "escalated", "false"},
		{"would write it differently", review.Decision{Verdict: example.Approve, Messages: edited("mine")}, "escalated", "true"},
		{"asks", review.Decision{Verdict: example.Escalate, Reason: "is it?"}, "escalated", "false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			id := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
			s := teamService(t, pool, 1, 0)
			ana, bo := member(t, pool, "Ana"), member(t, pool, "Bo")
			if _, err := s.Decide(t.Context(), review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Claim(t.Context(), ana.ID, review.Queue{}, 1); err != nil || len(got) != 0 {
				t.Fatalf("the first reviewer gets their own second look: %v, %v", got, err)
			}
			got, err := s.Claim(t.Context(), bo.ID, review.Queue{}, 1)
			if err != nil || len(got) != 1 || got[0].ExampleID != id {
				t.Fatalf("Claim() = %v, %v; want the second look", got, err)
			}
			if held, err := s.Held(t.Context(), bo.ID, review.Queue{}); err != nil || len(held) != 1 {
				t.Errorf("Held() = %v, %v", held, err)
			}
			d := tt.decide
			d.ExampleID, d.Reviewer, d.Revision = id, bo, 1
			out, err := s.Decide(t.Context(), d)
			if err != nil || string(out.Status) != tt.status {
				t.Fatalf("Decide() = %+v, %v; want %s", out, err, tt.status)
			}
			if now := read(t, pool, id); now.Status != tt.status || now.Revision != 1 {
				t.Errorf("after the look: %+v", now)
			}
			look := func() (closed bool, agrees string) {
				t.Helper()
				if err := pool.QueryRow(t.Context(), "SELECT closed_at IS NOT NULL, coalesce(agrees::text, '') FROM looks").Scan(&closed, &agrees); err != nil {
					t.Fatal(err)
				}
				return closed, agrees
			}
			if closed, agrees := look(); !closed || agrees != tt.agrees {
				t.Errorf("the look: closed %v, agrees %q; want %q", closed, agrees, tt.agrees)
			}
			// Taken back, it is theirs to decide again.
			if out, _, err := s.Undo(t.Context(), bo, out.DecisionID, false); err != nil || !out.Leased || out.Status != example.Approved {
				t.Fatalf("Undo() = %+v, %v", out, err)
			}
			if closed, _ := look(); closed {
				t.Error("after the undo the look is still closed")
			}
			if out, err := s.Decide(t.Context(), d); err != nil || string(out.Status) != tt.status {
				t.Errorf("deciding again = %+v, %v", out, err)
			}
			var kind string
			if err := pool.QueryRow(t.Context(), "SELECT DISTINCT kind FROM decisions WHERE reviewer_id = $1", bo.ID).Scan(&kind); err != nil || kind != "second" {
				t.Errorf("the decision is of kind %q (%v)", kind, err)
			}
		})
	}
}

func TestGoldLook(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ids := exampletest.Insert(t, pool, 3, exampletest.Seed{})
	s := teamService(t, pool, 0, 0)
	lead, bo := member(t, pool, "Lead"), member(t, pool, "Bo")
	gold := ids[0]
	if _, err := s.Decide(t.Context(), review.Decision{ExampleID: gold, Reviewer: lead, Revision: 1, Verdict: example.Reject, Reason: "unsafe"}); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkGold(t.Context(), lead, gold, 1, "It could hurt someone."); err != nil {
		t.Fatal(err)
	}
	got, err := s.Claim(t.Context(), bo.ID, review.Queue{Category: "voice_parsing"}, 1)
	if err != nil || len(got) != 1 || got[0].ExampleID != gold {
		t.Fatalf("Claim() = %v, %v; want the gold example", got, err)
	}
	out, err := s.Decide(t.Context(), review.Decision{ExampleID: gold, Reviewer: bo, Revision: 1, Verdict: example.Approve, Messages: edited("kinder")})
	want := &review.GoldAnswer{Verdict: example.Reject, Reason: "It could hurt someone."}
	if diff := cmp.Diff(want, out.Gold); err != nil || diff != "" || out.Status != example.Approved {
		t.Fatalf("Decide() = %+v, %v (-want +got):\n%s", out, err, diff)
	}
	if now := read(t, pool, gold); now.Status != "rejected" || now.Revision != 1 {
		t.Errorf("a gold example changed: %+v", now)
	}
	for range 2 { // it does not come back
		got, err = s.Claim(t.Context(), bo.ID, review.Queue{Category: "voice_parsing"}, 1)
		if err != nil || len(got) != 1 || got[0].ExampleID == gold {
			t.Fatalf("Claim() = %v, %v; want another one", got, err)
		}
	}
	g, marked, err := s.GoldOf(t.Context(), gold)
	if err != nil || !marked || g.Met != 1 || g.Agreed != 0 {
		t.Errorf("GoldOf() = %+v, %v, %v", g, marked, err)
	}
}

// TestQueueOrder puts examples of different trouble into one shelf and looks at
// the order in which they are handed out.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	clean := exampletest.Insert(t, pool, 1, exampletest.Seed{})[0]
	other := func(i int) example.Conversation { return exampletest.Conversation(100 + i) }
	warned := exampletest.Insert(t, pool, 1, exampletest.Seed{Conversation: other, Findings: []exampletest.Finding{{Rule: "a/b", Severity: "warning", Message: "w"}}})[0]
	third := func(i int) example.Conversation { return exampletest.Conversation(200 + i) }
	broken := exampletest.Insert(t, pool, 1, exampletest.Seed{Conversation: third, Findings: []exampletest.Finding{{Rule: "a/c", Severity: "error", Message: "e"}}})[0]
	for _, tt := range []struct {
		order review.Order
		want  []uuid.UUID
	}{
		{review.BySuspicion, []uuid.UUID{broken, warned, clean}},
		{review.OldestFirst, []uuid.UUID{clean, warned, broken}},
	} {
		s := teamService(t, pool, 0, 1)
		who := member(t, pool, "Ana")
		var got []uuid.UUID
		for range 3 {
			leases, err := s.Claim(t.Context(), who.ID, review.Queue{Category: "voice_parsing", Order: tt.order}, 1)
			if err != nil || len(leases) != 1 {
				t.Fatalf("Claim() = %v, %v", leases, err)
			}
			got = append(got, leases[0].ExampleID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("order %q (-want +got):\n%s", tt.order, diff)
		}
		if err := s.Release(t.Context(), who.ID, got); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRarestKindFirst: of one category, the kind that lacks most of its plan.
func TestRarestKindFirst(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Conversation: func(int) example.Conversation { return exampletest.Conversation(1) }})
	exampletest.Insert(t, pool, 5, exampletest.Seed{Category: "injury_analysis", Subcategory: "acute", Status: example.Approved, Conversation: func(i int) example.Conversation { return exampletest.Conversation(10 + i) }})
	rare := exampletest.Insert(t, pool, 1, exampletest.Seed{Category: "injury_analysis", Subcategory: "tendinitis", Conversation: func(int) example.Conversation { return exampletest.Conversation(2) }})[0]
	s := teamService(t, pool, 0, 1)
	got, err := s.Claim(t.Context(), member(t, pool, "Ana").ID, review.Queue{Category: "injury_analysis"}, 1)
	if err != nil || len(got) != 1 || got[0].ExampleID != rare {
		t.Errorf("Claim() = %v, %v; want %s", got, err, rare)
	}
}
