package catalog_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	// Servers that start together agree on one dataset and one first version.
	stores := make([]*catalog.Store, 4)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			s, err := catalog.OpenStore(ctx, pool, catalog.Default)
			if err != nil {
				t.Errorf("OpenStore() = %v", err)
			}
			stores[i] = s
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	one, two := stores[0], stores[1]
	if one.Dataset() != two.Dataset() {
		t.Fatalf("two datasets: %s and %s", one.Dataset(), two.Dataset())
	}
	want, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	got, version, err := one.CurrentVersion(ctx)
	if err != nil || version != 1 {
		t.Fatalf("CurrentVersion() = version %d, %v; want 1", version, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the default catalog does not survive the database (-want +got):\n%s", diff)
	}

	ana := audit.Actor{Name: "Ana"}
	edited, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	edited.Categories[0].Name = "Renamed"
	if v, err := one.Save(ctx, edited, 1, ana, "a better name"); err != nil || v != 2 {
		t.Fatalf("Save() = %d, %v; want version 2", v, err)
	}
	if got, err := two.Current(ctx); err != nil || got.Categories[0].Name != "Renamed" {
		t.Errorf("the other server does not see the edit: %v, %v", got, err)
	}
	if old, err := two.At(ctx, 1); err != nil || old.Categories[0].Name == "Renamed" {
		t.Errorf("At(1) = %v, %v; want the name from before", old, err)
	}
	if _, err := two.Save(ctx, edited, 1, ana, "late"); !errors.Is(err, fault.Conflict) {
		t.Errorf("saving over an unseen version = %v, want a conflict", err)
	}
	edited.Categories[0].Target.Min = edited.Categories[0].Target.Max + 1
	if _, err := one.Save(ctx, edited, 2, ana, "wrong"); !errors.Is(err, fault.Invalid) {
		t.Errorf("saving a catalog with a mistake = %v, want invalid", err)
	}
	if _, err := one.At(ctx, 9); !errors.Is(err, fault.NotFound) {
		t.Errorf("At(9) = %v, want not found", err)
	}
	versions, err := one.Versions(ctx)
	if err != nil || len(versions) != 2 || versions[0].Number != 2 || versions[0].Reason != "a better name" {
		t.Errorf("Versions() = %+v, %v", versions, err)
	}
}
