package report

import (
	"reflect"
	"strings"
)

// lists makes the empty lists of a report, a pointer to a struct, lists without
// elements: JSON then has [] for them and never null, as programs expect.
func lists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			lists(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			lists(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, t := v.Field(i), v.Type().Field(i)
			if !t.IsExported() {
				continue
			}
			if f.Kind() == reflect.Slice && f.IsNil() && !strings.Contains(t.Tag.Get("json"), "omitempty") {
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			}
			lists(f)
		}
	}
}
