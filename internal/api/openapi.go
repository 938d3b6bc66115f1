package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// object is a JSON object under construction.
type object = map[string]any

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// openapi describes the endpoints as OpenAPI 3.1. The schemas come from the Go
// types that are really encoded and decoded.
func openapi(endpoints []endpoint) ([]byte, error) {
	types := &schemas{defs: object{}}
	paths := object{}
	for _, e := range endpoints {
		op := object{"summary": e.summary, "operationId": operationID(e)}
		if e.permission != "" {
			op["security"] = []any{object{"bearer": []string{}}}
			op["description"] = fmt.Sprintf("Needs a token whose role may %s.", e.permission)
		} else {
			op["security"] = []any{}
		}
		var params []any
		for _, m := range pathParameter.FindAllStringSubmatch(e.path, -1) {
			schema := object{"type": "string"}
			if m[1] == "id" {
				schema["format"] = "uuid"
			}
			params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": schema})
		}
		for _, q := range e.query {
			params = append(params, q.object("query"))
		}
		for _, h := range e.header {
			params = append(params, h.object("header"))
		}
		if params != nil {
			op["parameters"] = params
		}
		switch {
		case e.body != nil:
			op["requestBody"] = object{"content": object{"application/json": object{"schema": types.of(reflect.TypeOf(e.body))}}}
		case e.raw != "":
			op["requestBody"] = object{"required": true, "description": e.raw, "content": object{"application/octet-stream": object{}}}
		}
		answers := object{"default": object{
			"description": "A problem (RFC 9457): detail says what to do.",
			"content":     object{"application/problem+json": object{"schema": types.of(reflect.TypeFor[problem]())}},
		}}
		for _, a := range e.answers {
			answer := object{"description": a.about}
			switch {
			case a.body != nil:
				answer["content"] = object{"application/json": object{"schema": types.of(reflect.TypeOf(a.body))}}
			case a.media == "application/problem+json":
				answer["content"] = object{a.media: object{"schema": types.of(reflect.TypeFor[problem]())}}
			case a.media != "":
				answer["content"] = object{a.media: object{}}
			}
			answers[strconv.Itoa(a.status)] = answer
		}
		op["responses"] = answers
		at, ok := paths[e.path].(object)
		if !ok {
			at = object{}
			paths[e.path] = at
		}
		at[strings.ToLower(e.method)] = op
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Spotter", "version": "1",
			"description": "Import, review and export fine-tuning examples. Every list is bounded and paged by cursor. Fields are only ever added.",
		},
		"servers":    []any{object{"url": "/api/v1"}},
		"paths":      paths,
		"components": object{"schemas": types.defs, "securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer"}}},
	}, "", " ")
}

func operationID(e endpoint) string {
	id := strings.ToLower(e.method)
	for _, part := range strings.FieldsFunc(e.path, func(r rune) bool { return r == '/' || r == '{' || r == '}' || r == '.' }) {
		id += "_" + part
	}
	return id
}

func (p parameter) object(in string) object {
	schema := object{"type": "string"}
	if p.choices != nil {
		schema["enum"] = p.choices
	}
	return object{"name": p.name, "in": in, "description": p.about, "schema": schema}
}

// schemas turns Go types into JSON Schemas; named structs become components.
type schemas struct{ defs object }

func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[uuid.UUID]():
		return object{"type": "string", "format": "uuid"}
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{} // any JSON
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		name := strings.TrimSuffix(t.Name(), "JSON")
		if _, ok := s.defs[name]; !ok {
			s.defs[name] = object{} // stops a type that holds itself
			s.defs[name] = s.structure(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	panic("api: no schema for " + t.String()) // found by the first test that makes a Server
}

func (s *schemas) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	for f := range fields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = s.of(f.Type)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// fields yields the fields of a struct as encoding/json sees them: embedded
// structs opened up, those that are left out left out.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous {
				for inner := range fields(f.Type) {
					if !yield(inner) {
						return
					}
				}
				continue
			}
			if f.Tag.Get("json") == "-" {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}
