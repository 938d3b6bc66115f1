package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
)

func TestSkills(t *testing.T) {
	t.Parallel()
	c := &catalog.Catalog{Categories: []catalog.Category{
		{Subcategories: []catalog.Subcategory{{Skill: "physio"}, {}, {Skill: "clinician"}}},
		{Checks: []catalog.Check{{Rule: "a/b", Skill: "clinician"}, {Rule: "c/d"}}},
	}}
	if d := cmp.Diff([]string{"clinician", "physio"}, c.Skills()); d != "" {
		t.Errorf("Skills() (-want +got):\n%s", d)
	}
	if got := (&catalog.Catalog{}).Skills(); len(got) != 0 {
		t.Errorf("Skills() of an empty catalog = %v", got)
	}
	whole, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"clinician"}, whole.Skills()); d != "" {
		t.Errorf("Skills() of the default catalog (-want +got):\n%s", d)
	}
}
