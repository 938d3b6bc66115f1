package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
)

type act struct {
	ID                           uuid.UUID
	Kind, State                  string
	Total, Changed, Stayed, Kept int
	Reversed, Tried              int
	Lines                        []actLine
}

type actLine struct {
	Outcome, Result, Reason string
	Examples                int
}

// TestActByAPI looks what an act would do, has it done, and finds what it did.
func TestActByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var rows strings.Builder
	for i := range 6 {
		fmt.Fprintf(&rows, `{"messages":[{"role":"user","content":"question number %d about %x"},{"role":"assistant","content":"An answer in words."}]}`+"\n", i, i*7919)
	}
	w.upload("category=ai_coach", rows.String())
	list := func(query string) []uuid.UUID {
		t.Helper()
		var page struct{ Items []struct{ ID uuid.UUID } }
		w.call(account.PM, "GET", "/examples?"+query, "", http.StatusOK).into(t, &page)
		var found []uuid.UUID
		for _, i := range page.Items {
			found = append(found, i.ID)
		}
		return found
	}
	all := list("category=ai_coach")
	if len(all) != 6 {
		t.Fatalf("there are %d examples, want 6", len(all))
	}

	tag := fmt.Sprintf(`{"kind":"tag","examples":[%q,%q],"parameters":{"tag":"needs-photo"}`, all[1], all[4])
	w.call(account.Reviewer, "POST", "/acts", tag+"}", http.StatusForbidden)
	w.call(account.Lead, "POST", "/acts", `{"kind":"juggle","filter":{},"parameters":{}}`, http.StatusUnprocessableEntity)
	w.call(account.Lead, "POST", "/acts", `{"kind":"tag","parameters":{"tag":"x"}}`, http.StatusUnprocessableEntity)
	w.call(account.Lead, "POST", "/acts", `{"kind":"tag","filter":{},"parameters":{}}`, http.StatusUnprocessableEntity)
	w.call(account.Lead, "POST", "/acts", tag+`,"filter":{}}`, http.StatusUnprocessableEntity)

	// The filter has the names of the list of examples, each of them.
	w.call(account.Lead, "POST", "/acts", `{"kind":"tag","filter":{"colour":"red"},"parameters":{"tag":"x"}}`, http.StatusUnprocessableEntity)
	w.call(account.Lead, "POST", "/acts", `{"kind":"tag","filter":{"import":"the first"},"parameters":{"tag":"x"}}`, http.StatusUnprocessableEntity)
	var imported struct {
		Provenance struct {
			Import string `json:"import_id"`
		}
	}
	w.call(account.PM, "GET", "/examples/"+all[0].String(), "", http.StatusOK).into(t, &imported)
	for filter, total := range map[string]int{
		`{"import":"` + imported.Provenance.Import + `"}`:                6,
		`{"import":"` + imported.Provenance.Import + `","q":"number 3"}`: 1,
		`{"category":"ai_coach","min_tokens":1}`:                         6,
	} {
		var found act
		w.call(account.Lead, "POST", "/acts", `{"kind":"tag","filter":`+filter+`,"parameters":{"tag":"x"},"preview":true}`, http.StatusOK).into(t, &found)
		if found.Total != total {
			t.Errorf("%s means %d examples, want %d", filter, found.Total, total)
		}
	}

	var a act
	w.call(account.Lead, "POST", "/acts", tag+`,"preview":true}`, http.StatusOK).into(t, &a)
	want := act{ID: a.ID, Kind: "tag", State: "draft", Total: 2, Tried: 2, Lines: []actLine{{Outcome: "changed", Result: "tagged", Examples: 2}}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the preview (-want +got)\n%s", diff)
	}
	at := "/acts/" + a.ID.String()
	w.call(account.Lead, "GET", at, "", http.StatusOK)
	w.call(account.PM, "GET", at, "", http.StatusNotFound) // a draft is its author's
	if found := list("tag=needs-photo"); len(found) != 0 {
		t.Errorf("a preview tagged %v", found)
	}

	r := w.call(account.Lead, "POST", "/acts", tag+"}", http.StatusAccepted)
	r.into(t, &a)
	at = "/acts/" + a.ID.String()
	if a.State != "queued" || r.header.Get("Location") != "/api/v1"+at {
		t.Errorf("the act is %s at %q", a.State, r.header.Get("Location"))
	}
	if err := w.acts.Run(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	w.call(account.PM, "GET", at, "", http.StatusOK).into(t, &a)
	want = act{ID: a.ID, Kind: "tag", State: "done", Total: 2, Changed: 2, Lines: []actLine{{Outcome: "changed", Result: "tagged", Examples: 2}}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the act (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]uuid.UUID{all[1], all[4]}, list("tag=needs-photo")); diff != "" {
		t.Errorf("found by the tag (-want +got)\n%s", diff)
	}
	if found := list("tag=needs-photo&status=approved"); len(found) != 0 {
		t.Errorf("a tag and another status find %v", found)
	}

	// What a filter finds, two of which have the tag.
	a = act{}
	w.call(account.Lead, "POST", "/acts", `{"kind":"untag","filter":{"category":"ai_coach"},"parameters":{"tag":"needs-photo"},"preview":true}`, http.StatusOK).into(t, &a)
	want = act{ID: a.ID, Kind: "untag", State: "draft", Total: 6, Tried: 6, Lines: []actLine{
		{Outcome: "changed", Result: "untagged", Examples: 2}, {Outcome: "stayed", Reason: "does not have the tag", Examples: 4},
	}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the preview by a filter (-want +got)\n%s", diff)
	}
	w.call(account.Lead, "GET", "/acts/"+uuid.NewString(), "", http.StatusNotFound)
}
