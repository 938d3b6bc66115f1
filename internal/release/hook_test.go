package release_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/release"
	"github.com/voicefit/spotter/internal/webhook"
)

// TestBuiltIsTold expects one delivery of release.built, with the files as they are.
func TestBuiltIsTold(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	approve(t, pool, 40, voice(0))
	hooks := webhook.New(webhook.Config{DB: pool, Dataset: exampletest.Dataset, Log: slog.New(slog.DiscardHandler)})
	endpoint, _, err := hooks.Create(ctx, lead, webhook.Form{Name: "CI", URL: "https://ci.example.org/spotter", Events: []webhook.Event{webhook.ReleaseBuilt}})
	if err != nil {
		t.Fatal(err)
	}
	s := release.New(config(t, pool))
	r := build(t, s, release.Order{Name: "told", Spec: release.Spec{Seed: 7}}, release.Built)
	if err := s.Run(ctx, r.ID); err != nil { // nothing is left to do, nor to tell
		t.Fatal(err)
	}

	told, err := hooks.Log(ctx, endpoint, uuid.Nil, 10)
	if err != nil || len(told) != 1 || told[0].Event != webhook.ReleaseBuilt {
		t.Fatalf("Log() = %+v, %v, want one release.built", told, err)
	}
	d, err := hooks.Delivery(ctx, endpoint, told[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	type file struct {
		Name, SHA256 string
		Bytes        int64
	}
	var body struct {
		Data struct {
			Release uuid.UUID `json:"release_id"`
			Name    string
			Items   int64
			Splits  map[string]int64
			Files   []file
		}
	}
	if err := json.Unmarshal([]byte(d.Body), &body); err != nil {
		t.Fatal(err)
	}
	files, err := s.Files(ctx, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var want []file
	for _, f := range files {
		want = append(want, file{f.Name, f.Hex(), f.Bytes})
	}
	if diff := cmp.Diff(want, body.Data.Files); diff != "" {
		t.Errorf("the files (-want +got)\n%s", diff)
	}
	if got := body.Data; got.Release != r.ID || got.Name != "told" || got.Items != 40 || got.Splits["train"] != 36 {
		t.Errorf("told of %+v", got)
	}
}
