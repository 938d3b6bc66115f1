package review_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/review"
)

func TestWaive(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	id := exampletest.Insert(t, pool, 1, exampletest.Seed{Findings: []exampletest.Finding{
		{Rule: "test/bad", Severity: "error", Message: "Bad.", Path: "/messages/1/content"},
		{Rule: "test/bad", Severity: "error", Message: "Bad elsewhere.", Path: "/messages/0/content"},
		{Rule: "test/odd", Severity: "warning", Message: "Odd."},
		{Rule: "duplicate/near", Severity: "warning", Message: "Like another."},
	}})[0]
	s, find, ana := newService(pool), browse.New(pool, exampletest.Dataset), person("Ana")
	counts := func() (errors, warnings, shown int) {
		t.Helper()
		d, err := find.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow(ctx, "SELECT errors, warnings FROM examples").Scan(&errors, &warnings); err != nil {
			t.Fatal(err)
		}
		return errors, warnings, len(d.Findings)
	}
	want := func(when string, errors, warnings, shown int) {
		t.Helper()
		if e, w, n := counts(); e != errors || w != warnings || n != shown {
			t.Errorf("%s: %d errors, %d warnings, %d shown; want %d, %d, %d", when, e, w, n, errors, warnings, shown)
		}
	}
	good := review.Waiving{ExampleID: id, By: ana, Revision: 1, Rule: "test/bad", Path: "/messages/1/content", Reason: " It is a quotation. "}
	for name, tt := range map[string]struct {
		change func(*review.Waiving)
		want   error
	}{
		"no reason":         {func(w *review.Waiving) { w.Reason = " \n" }, fault.Invalid},
		"an endless reason": {func(w *review.Waiving) { w.Reason = strings.Repeat("x", 20_000) }, fault.Invalid},
		"NUL":               {func(w *review.Waiving) { w.Reason = "a\x00b" }, fault.Invalid},
		"a duplicate":       {func(w *review.Waiving) { w.Rule, w.Path = "duplicate/near", "" }, fault.Invalid},
		"another revision":  {func(w *review.Waiving) { w.Revision = 2 }, fault.Conflict},
		"another rule":      {func(w *review.Waiving) { w.Rule = "test/other" }, fault.NotFound},
		"another place":     {func(w *review.Waiving) { w.Path = "/messages" }, fault.NotFound},
		"another example":   {func(w *review.Waiving) { w.ExampleID = uuid.New() }, fault.NotFound},
	} {
		w := good
		tt.change(&w)
		if _, err := s.Waive(ctx, w); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	want("before", 2, 2, 4)

	waiver, err := s.Waive(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	want("waived", 1, 2, 3)
	if _, err := s.Waive(ctx, good); !errors.Is(err, fault.NotFound) {
		t.Errorf("waived twice: %v, want not found", err)
	}
	list, err := s.Waivers(ctx, id)
	if err != nil || len(list) != 1 {
		t.Fatalf("Waivers() = %v, %v", list, err)
	}
	list[0].At = list[0].At.UTC().Truncate(0)
	if diff := cmp.Diff(review.Waiver{
		ID: waiver, Revision: 1, Rule: "test/bad", Path: "/messages/1/content", Reason: "It is a quotation.", By: "Ana", At: list[0].At,
	}, list[0]); diff != "" {
		t.Errorf("waiver (-want +got):\n%s", diff)
	}

	// One error is left, so approving still asks for a reason; with that one waived it does not.
	if _, err := s.Decide(ctx, review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}); !errors.Is(err, fault.Invalid) {
		t.Errorf("approve with an error left: %v, want invalid", err)
	}
	other := good
	other.Path = "/messages/0/content"
	if _, err := s.Waive(ctx, other); err != nil {
		t.Fatal(err)
	}
	want("both waived", 0, 2, 2)
	if _, err := s.Decide(ctx, review.Decision{ExampleID: id, Reviewer: ana, Revision: 1, Verdict: example.Approve}); err != nil {
		t.Errorf("approve with all errors waived: %v", err)
	}

	if err := s.Withdraw(ctx, ana, id, waiver, ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("withdraw without a reason: %v", err)
	}
	if err := s.Withdraw(ctx, ana, id, uuid.New(), "no"); !errors.Is(err, fault.NotFound) {
		t.Errorf("withdraw what is not there: %v", err)
	}
	if err := s.Withdraw(ctx, person("Bo"), id, waiver, "It is none."); err != nil {
		t.Fatal(err)
	}
	want("withdrawn", 1, 2, 3)
	if err := s.Withdraw(ctx, ana, id, waiver, "again"); !errors.Is(err, fault.Conflict) {
		t.Errorf("withdrawn twice: %v, want conflict", err)
	}
	if list, err = s.Waivers(ctx, id); err != nil || len(list) != 2 || list[1].Withdrawn == nil || list[1].Withdrawn.By != "Bo" || list[0].Withdrawn != nil {
		t.Errorf("Waivers() = %+v, %v; want the older one withdrawn by Bo", list, err)
	}

	// An edit is a new revision: its findings are not waived.
	if _, err := s.Decide(ctx, review.Decision{
		ExampleID: id, Reviewer: ana, Revision: 1, Seen: example.Approved, Verdict: example.Approve, Messages: edited("BAD"), OverrideReason: "so",
	}); err != nil {
		t.Fatal(err)
	}
	want("after an edit", 1, 0, 1)

	var actions []string
	if err := pool.QueryRow(ctx, "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE action IN ('finding.waived', 'waiver.withdrawn')").Scan(&actions); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"finding.waived", "finding.waived", "waiver.withdrawn"}, actions); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	for _, sql := range []string{"DELETE FROM waivers", "UPDATE waivers SET reason = ''"} {
		if _, err := pool.Exec(ctx, sql); err == nil {
			t.Errorf("%s succeeded", sql)
		}
	}
}
