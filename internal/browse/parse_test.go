package browse_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/browse"
)

// TestFilterByName gives every part of a filter by its name and reads it back: a part
// without a name, or a name without a part, is found here.
func TestFilterByName(t *testing.T) {
	t.Parallel()
	given := map[string]string{}
	for _, name := range browse.FilterNames {
		given[name] = "some " + name
	}
	given["import"], given["min_tokens"], given["max_tokens"] = uuid.NewString(), "10", "20"
	f, err := browse.ParseFilter(func(name string) string { return given[name] })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(given, f.Values()); diff != "" {
		t.Errorf("read back (-given +got)\n%s", diff)
	}
	var empty func(v reflect.Value, path string) []string
	empty = func(v reflect.Value, path string) []string {
		var names []string
		for i := range v.NumField() {
			field := v.Type().Field(i)
			switch {
			case field.Anonymous:
				names = append(names, empty(v.Field(i), path+field.Name+".")...)
			case v.Field(i).IsZero():
				names = append(names, path+field.Name)
			}
		}
		return names
	}
	// Blind is who asks, which nobody gives.
	if got := slices.DeleteFunc(empty(reflect.ValueOf(f), ""), func(n string) bool { return n == "Blind" }); len(got) > 0 {
		t.Errorf("no name sets %v", got)
	}
	for _, name := range []string{"import", "min_tokens", "max_tokens"} {
		if _, err := browse.ParseFilter(func(n string) string {
			if n == name {
				return "x"
			}
			return ""
		}); err == nil {
			t.Errorf("%s = x is a filter", name)
		}
	}
}
