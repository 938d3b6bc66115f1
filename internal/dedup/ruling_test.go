package dedup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/dedup"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/review"
)

// only returns the only group of a kind.
func (w *world) only(kind dedup.Kind) dedup.Group {
	w.t.Helper()
	list, err := w.List(w.t.Context(), dedup.Filter{Kind: kind})
	if err != nil || len(list) != 1 {
		w.t.Fatalf("List(%s) = %d groups, %v, want one", kind, len(list), err)
	}
	return list[0]
}

func (w *world) statuses(ids []uuid.UUID) []string {
	w.t.Helper()
	var out []string
	for _, id := range ids {
		out = append(out, query[string](w, "SELECT status::text FROM examples WHERE id = $1", id)...)
	}
	return out
}

func seenOf(g dedup.Group) []dedup.Seen {
	var seen []dedup.Seen
	for _, m := range g.Members {
		seen = append(seen, dedup.Seen{ID: m.ID, Revision: m.Revision, Status: m.Status})
	}
	return seen
}

func TestKeepOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"), say("um squat 300 for 5", "ok"))
	w.scan()
	g := w.only(dedup.Near)
	out, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: g.ID, Survivor: ids[1], Seen: seenOf(g)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Rejected) != 2 || len(out.Left) != 0 {
		t.Errorf("KeepOne() = %+v, want two rejected", out)
	}
	// Before any scan the group is gone from the list.
	w.wantGroups(dedup.Near, ids)
	if diff := cmp.Diff([]string{"rejected", "pending", "rejected"}, w.statuses(ids)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := query[string](w, "SELECT DISTINCT verdict || ' ' || reason FROM decisions"); !slices.Equal(got, []string{"reject duplicate of " + ids[1].String()}) {
		t.Errorf("decisions = %q", got)
	}
	if got := w.findings(ids[1]); got != nil {
		t.Errorf("the survivor still has %q", got)
	}
	origins, err := w.RejectedFor(t.Context(), ids[1])
	if err != nil {
		t.Fatal(err)
	}
	var lines []int64
	for _, o := range origins {
		lines = append(lines, o.SourceLine)
		if o.SourceName == "" || o.ImportID == uuid.Nil {
			t.Errorf("no provenance in %+v", o)
		}
	}
	if !slices.Equal(lines, []int64{1, 3}) {
		t.Errorf("the survivor stands for lines %v, want 1 and 3", lines)
	}
	if got, ok, err := w.SurvivorOf(t.Context(), ids[0]); got != ids[1] || !ok || err != nil {
		t.Errorf("SurvivorOf() = %v, %v, %v", got, ok, err)
	}
	w.scan()

	// A double click finds nothing left to do.
	if _, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: g.ID, Survivor: ids[1]}); !errors.Is(err, fault.NotFound) {
		t.Errorf("KeepOne() again = %v, want not found", err)
	}

	// Undone, they are duplicates again and the survivor stands for one only.
	if _, _, err := w.reviews.Undo(t.Context(), ana, out.Rejected[0].Decision, false); err != nil {
		t.Fatal(err)
	}
	w.scan()
	w.wantGroups(dedup.Equal, ids, []int{0, 1})
	if origins, err := w.RejectedFor(t.Context(), ids[1]); err != nil || len(origins) != 1 {
		t.Errorf("RejectedFor() = %v, %v, want one", origins, err)
	}
	if _, ok, err := w.SurvivorOf(t.Context(), ids[0]); ok || err != nil {
		t.Errorf("SurvivorOf() an example that is back = %v, %v", ok, err)
	}
}

func TestKeepOneRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"), say("bench 225 for 8", "ok"), say("bench 225 for 9", "ok"))
	w.scan()
	equal, variant := w.only(dedup.Equal), w.only(dedup.Variant)
	for _, tt := range []struct {
		name   string
		ruling dedup.Ruling
		want   error
	}{
		{"no such group", dedup.Ruling{Group: uuid.New(), Survivor: ids[0]}, fault.NotFound},
		{"a survivor from elsewhere", dedup.Ruling{Group: equal.ID, Survivor: ids[2]}, fault.Invalid},
		{"variants", dedup.Ruling{Group: variant.ID, Survivor: ids[2]}, fault.Invalid},
		{"another revision was seen", dedup.Ruling{Group: equal.ID, Survivor: ids[0], Seen: []dedup.Seen{{ids[0], 1, example.Pending}, {ids[1], 2, example.Pending}}}, fault.Conflict},
		{"another status was seen", dedup.Ruling{Group: equal.ID, Survivor: ids[0], Seen: []dedup.Seen{{ids[0], 1, example.Pending}, {ids[1], 1, example.Approved}}}, fault.Conflict},
		{"a part that nobody saw", dedup.Ruling{Group: equal.ID, Survivor: ids[0], Part: true}, fault.Invalid},
		{"a part of another group", dedup.Ruling{Group: equal.ID, Survivor: ids[0], Seen: []dedup.Seen{{ids[0], 1, example.Pending}, {ids[2], 1, example.Pending}}, Part: true}, fault.Conflict},
		{"fewer members were seen", dedup.Ruling{Group: equal.ID, Survivor: ids[0], Seen: []dedup.Seen{{ids[0], 1, example.Pending}}}, fault.Conflict},
	} {
		if _, err := w.KeepOne(t.Context(), ana, tt.ruling); !errors.Is(err, tt.want) {
			t.Errorf("%s: KeepOne() = %v, want %v", tt.name, err, tt.want)
		}
	}
	if got := query[int64](w, "SELECT count(*) FROM decisions"); got[0] != 0 {
		t.Errorf("%d decisions were made", got[0])
	}
}

// A group that nobody can look at as a whole is worked off in parts.
func TestKeepOneOfPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var texts [][]example.Message
	for i := range dedup.MaxMembers + 5 {
		texts = append(texts, say("squat 300 for 5"+strings.Repeat("!", i), "ok"))
	}
	ids := w.add(texts...)
	w.scan()
	g := w.only(dedup.Equal)
	if g.Size != len(ids) || len(g.Members) != dedup.MaxMembers {
		t.Fatalf("a group of %d with %d members shown, want %d and %d", g.Size, len(g.Members), len(ids), dedup.MaxMembers)
	}
	rest, err := w.Get(t.Context(), g.ID, g.Members[dedup.MaxMembers-1].ID)
	if err != nil || len(rest.Members) != 5 || rest.Members[0].ID != ids[dedup.MaxMembers] || rest.Size != len(ids) {
		t.Fatalf("Get() after the first %d = %d members, %v", dedup.MaxMembers, len(rest.Members), err)
	}
	out, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: g.ID, Survivor: ids[1], Seen: seenOf(g), Part: true})
	if err != nil || len(out.Rejected) != dedup.MaxMembers-1 {
		t.Fatalf("KeepOne() of a part rejected %d, %v; want %d", len(out.Rejected), err, dedup.MaxMembers-1)
	}
	left := w.only(dedup.Equal)
	if left.Size != 6 || left.Members[0].ID != ids[1] || left.Members[5].ID != ids[len(ids)-1] {
		t.Errorf("the group has %d members then, want the survivor and the 5 that were not shown", left.Size)
	}
}

// Somebody works on one of them: that one stays, with a reason.
func TestKeepOneBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"), say("squat, 300 for 5", "ok"))
	w.scan()
	if leases, err := w.reviews.Claim(t.Context(), uuid.New(), review.Queue{Category: "voice_parsing"}, 1); err != nil || len(leases) != 1 || leases[0].ExampleID != ids[0] {
		t.Fatalf("Claim() = %v, %v", leases, err)
	}
	g := w.only(dedup.Equal)
	out, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: g.ID, Survivor: ids[2]})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Rejected) != 1 || out.Rejected[0].Example != ids[1] || !strings.Contains(out.Left[ids[0]], "Somebody else") {
		t.Errorf("KeepOne() = %+v", out)
	}
	w.scan()
	w.wantGroups(dedup.Equal, ids, []int{0, 2})
}

// The right answer of two stays.
func TestKeepOneContradiction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "never heard of squats"))
	w.scan()
	if _, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: w.only(dedup.Contradiction).ID, Survivor: ids[0]}); err != nil {
		t.Fatal(err)
	}
	w.scan()
	w.wantGroups(dedup.Contradiction, ids)
	if got := query[string](w, "SELECT reason FROM decisions"); !slices.Equal(got, []string{"contradicts " + ids[0].String()}) {
		t.Errorf("reasons = %q", got)
	}
}

func TestNotDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.add(say("squat 300 for 5", "ok"), say("Squat 300 for 5", "ok"), say("um squat 300 for 5", "ok"))
	w.scan()
	if err := w.NotDuplicates(t.Context(), ana, w.only(dedup.Near).ID, nil); err != nil {
		t.Fatal(err)
	}
	w.sound()
	w.wantGroups(dedup.Near, ids)
	if got := w.findings(ids[0]); got != nil {
		t.Errorf("findings = %q", got)
	}
	// It holds when one is edited, and when all are looked at again.
	w.decide(ids[0], example.Skip, say("squat, 300 for 5!", "ok"))
	w.exec("UPDATE duplicate_signatures SET version = 0")
	w.scan()
	w.wantGroups(dedup.Near, ids)
	w.wantGroups(dedup.Equal, ids)
	// A newcomer was not part of the ruling.
	ids = append(ids, w.add(say("squat 300 for 5?", "ok"))...)
	w.scan()
	if got := w.groups(dedup.Near, ids); len(got) != 1 || !slices.Contains(got[0], 3) {
		t.Errorf("groups = %v, want one with the newcomer", got)
	}
	// And it says nothing about contradictions between the same examples.
	w.decide(ids[1], example.Skip, say("squat 300 for 5", "never heard of squats"))
	w.scan()
	if got := w.groups(dedup.Contradiction, ids); len(got) != 1 || !slices.Contains(got[0], 1) {
		t.Errorf("contradictions = %v, want one with the edited example", got)
	}
	if got := query[string](w, "SELECT action FROM audit_log WHERE action LIKE 'duplicates.%'"); !slices.Equal(got, []string{"duplicates.apart"}) {
		t.Errorf("audit log = %q", got)
	}
}

// The obvious ones at once: preview, apply, undo.
func TestObvious(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asks [][]example.Message
	for i := range 6 {
		asks = append(asks, say(fmt.Sprintf("squat %d for 5", 100+i), "ok"), say(fmt.Sprintf("Squat, %d for 5!", 100+i), "ok"))
	}
	asks = append(asks, say("bench 225 for 8", "ok"), say("um bench 225 for 8", "ok")) // near: not obvious
	ids := w.add(asks...)
	w.decide(ids[1], example.Approve, nil)
	w.scan()
	var rulings []dedup.Ruling
	pages := 0
	for after := uuid.Nil; ; pages++ {
		choices, next, err := w.Obvious(t.Context(), "voice_parsing", after, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range choices {
			rulings = append(rulings, c.Ruling)
		}
		if after = next; after == uuid.Nil {
			break
		}
	}
	if len(rulings) != 6 || pages != 1 {
		t.Fatalf("Obvious suggests %d rulings on %d pages, want 6 on 2", len(rulings), pages+1)
	}
	if got := w.statuses(ids[2:]); slices.Contains(got, "rejected") {
		t.Fatal("the preview rejected something")
	}
	w.decide(ids[4], example.Skip, say("something else entirely", "ok")) // after the preview
	outcomes, err := w.KeepEach(t.Context(), ana, rulings)
	if err != nil {
		t.Fatal(err)
	}
	rejected, left := 0, 0
	for _, out := range outcomes {
		rejected += len(out.Rejected)
		left += len(out.Left)
	}
	if rejected != 5 || left != 1 {
		t.Errorf("%d rejected, %d left, want 5 and 1", rejected, left)
	}
	w.scan()
	if diff := cmp.Diff([]string{
		"rejected", "approved", "pending", "rejected", "pending", "pending", "pending", "rejected", "pending", "rejected", "pending", "rejected", "pending", "pending",
	}, w.statuses(ids)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	for _, out := range outcomes {
		for _, r := range out.Rejected {
			if _, _, err := w.reviews.Undo(t.Context(), ana, r.Decision, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.scan()
	if got := w.groups(dedup.Equal, ids); len(got) != 5 {
		t.Errorf("after the undo there are %d groups, want 5", len(got))
	}
}

// A group too large to look at is not ruled on; Get shows its first members.
func TestLargeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var asks [][]example.Message
	for i := range 501 {
		asks = append(asks, say("squat 300 for 5"+strings.Repeat("!", i), "ok"))
	}
	ids := w.add(asks...)
	w.scan()
	g := w.only(dedup.Equal)
	if g.Size != 501 || len(g.Members) != dedup.MaxMembers {
		t.Errorf("a group of %d with %d members shown, want 501 and %d", g.Size, len(g.Members), dedup.MaxMembers)
	}
	if again, err := w.Get(t.Context(), g.ID, uuid.Nil); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(g, again); diff != "" {
		t.Errorf("Get differs from List (-list +get):\n%s", diff)
	}
	if in, err := w.GroupsOf(t.Context(), ids[500]); err != nil || len(in) != 1 || in[0].ID != g.ID {
		t.Errorf("GroupsOf() = %v, %v", in, err)
	}
	if _, err := w.KeepOne(t.Context(), ana, dedup.Ruling{Group: g.ID, Survivor: ids[0]}); !errors.Is(err, fault.Invalid) {
		t.Errorf("KeepOne() = %v, want invalid", err)
	}
	if err := w.NotDuplicates(t.Context(), ana, g.ID, nil); !errors.Is(err, fault.Invalid) {
		t.Errorf("NotDuplicates() = %v, want invalid", err)
	}
	if choices, _, err := w.Obvious(t.Context(), "", uuid.Nil, 0); err != nil || len(choices) != 0 {
		t.Errorf("Obvious() = %d, %v, want none", len(choices), err)
	}
	if _, err := w.List(t.Context(), dedup.Filter{Kind: "what"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("List() of no kind = %v, want invalid", err)
	}
}
