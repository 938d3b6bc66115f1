package catalog_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
)

// listed writes the mistakes of an error one below the other.
func listed(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(f.Fields)) {
		fmt.Fprintf(&b, "\n  %s: %s", k, f.Fields[k])
	}
	return b.String()
}

// harbour returns the files of a small catalog without mistakes.
func harbour() map[string]string {
	return map[string]string{
		"catalog.yaml": "layout: 1\nname: Harbour\ncategories:\n  - ships\n",
		"ships/category.yaml": `name: Ships
priority: P1
target: {min: 10, max: 20}
answer: {kind: json}
subcategories:
  - slug: steam
    name: Steam
    planned: 12
    confidence_band: {min: 0.5, max: 0.9}
    vocabularies:
      size: [huge]
vocabularies:
  size: [small, large]
schemas:
  - name: ship
checks:
  - rule: json/schema
    severity: error
    params:
      most: 3
`,
		"ships/system_prompt.md": "Name the ship.\n",
		"ships/guidelines.md":    "# Look twice\n",
		"ships/checklist.yaml":   "- slug: named\n  text: The ship is named.\n  proved_by: [json/schema]\n",
		"ships/schemas/ship.json": `{
  "type": "object",
  "properties": {
    "name": {"type": "string"},
    "size": {"type": "string"},
    "sure": {"type": "number"},
    "crew": {"type": "array", "items": {"$ref": "#/$defs/sailor"}}
  },
  "$defs": {"sailor": {"type": "object", "properties": {"name": {"type": "string"}, "years": {"type": "number"}}}}
}
`,
		"ships/schemas/ship.view.yaml": `- path: /sure
  as: meter
  band: confidence
- path: /size
  as: choice
  vocabulary: size
- path: /crew
  as: bars
  item_label: name
  item_value: years
`,
	}
}

func parse(files map[string]string) (*catalog.Catalog, error) {
	raw := make(map[string][]byte, len(files))
	for name, text := range files {
		raw[name] = []byte(text)
	}
	return catalog.Parse(raw)
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(harbour())
	if err != nil {
		t.Fatalf("Parse = %v%s", err, listed(err))
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("Warnings() = %v, want none", w)
	}
	ships, _ := c.Category("ships")
	if ships.Approvals != 1 {
		t.Errorf("approvals = %d where the file says nothing, want 1", ships.Approvals)
	}
	if ships.SystemPrompt != "Name the ship." {
		t.Errorf("system prompt = %q, want it without the file's last line end", ships.SystemPrompt)
	}
}

// TestParseMistakes makes one mistake at a time and looks where it is reported
// and in which words.
func TestParseMistakes(t *testing.T) {
	t.Parallel()
	const (
		root  = "catalog.yaml"
		ships = "ships/category.yaml"
		list  = "ships/checklist.yaml"
		ship  = "ships/schemas/ship.json"
		view  = "ships/schemas/ship.view.yaml"
	)
	long := strings.Repeat("x", 201)
	for _, tt := range []struct {
		name     string
		file     string // the file that is changed
		old, new string // replaced in it; with an empty old the file becomes new
		remove   bool   // instead, the file is removed
		where    string
		want     string // part of the sentence
		also     string // a place where it is rightly reported, too
	}{
		// Files.
		{name: "no root", file: root, remove: true, where: root, want: "missing. Every catalog starts with this file"},
		{name: "no category file", file: ships, remove: true, where: ships, want: "missing. catalog.yaml lists the category \"ships\""},
		{name: "no schema file", file: ship, remove: true, where: ship, want: "lists the schema \"ship\"; write this file"},
		{name: "misspelled file", file: "ships/guideline.md", new: "x", where: "ships/guideline.md", want: `did you mean "guidelines.md"?`},
		{name: "file at the top", file: "catalogue.yaml", new: "x", where: "catalogue.yaml", want: `did you mean "catalog.yaml"?`},
		{name: "schema not listed", file: "ships/schemas/boat.json", new: "{}", where: "ships/schemas/boat.json", want: "does not list this schema"},
		{name: "view without schema", file: "ships/schemas/boat.view.yaml", new: "[]", where: "ships/schemas/boat.view.yaml", want: "does not list this schema"},
		{name: "category not listed", file: "boats/category.yaml", new: "name: Boats", where: "boats/category.yaml", want: "does not list the category \"boats\""},
		{name: "stray folder", file: "notes/todo.md", new: "x", where: "notes/todo.md", want: `lies in the folder "notes", which is no category`},
		{name: "deep file", file: "ships/schemas/old/a.json", new: "{}", where: "ships/schemas/old/a.json", want: "no file of this name"},

		// YAML.
		{name: "not YAML", file: ships, old: "priority: P1", new: "priority: P1: soon", where: ships + ":2", want: "can't be read as YAML"},
		{name: "tab", file: root, old: "  - ships", new: "\t- ships", where: root + ":4", want: "Look at the indentation"},
		{name: "empty", file: root, new: "# nothing\n", where: root, want: "The file is empty"},
		{name: "empty checklist", file: list, new: "\n", where: list, want: "The file is empty"},
		{name: "two documents", file: list, old: "- slug", new: "[]\n---\n- slug", where: list, want: "more than one YAML document"},
		{name: "unknown key", file: ships, old: "priority:", new: "prioritty: P1\npriority:", where: ships + ":2", want: `"prioritty" is not a key here; the keys are name, description, aliases, priority, target, approvals, answer, subcategories, dimensions, vocabularies, checks, reject_reasons, schemas (did you mean "priority"?).`},
		{name: "unknown key inside", file: ships, old: "planned:", new: "plan:", where: ships + ":8", want: `"plan" is not a key here; the keys are slug, name, description, aliases, planned`},
		{name: "unknown key at the top", file: root, old: "layout", new: "version: 2\nlayout", where: root + ":1", want: "the keys are layout, name, description, categories, platforms, second_look_share"},
		{name: "unknown hint", file: view, old: "as: meter", new: "draw: meter", where: view + ":2", want: `"draw" is not a key here`},
		{name: "slug in the file", file: ships, old: "name: Ships", new: "slug: ships\nname: Ships", where: ships + ":1", want: "The folder's name is the category's slug; remove this line."},
		{name: "key twice", file: ships, old: "priority: P1", new: "priority: P1\npriority: P2", where: ships + ":3", want: `"priority" stands here and in line 2; keep one.`},
		{name: "word for a number", file: ships, old: "planned: 12", new: "planned: twelve", where: ships + ":8", want: "`twelve` stands where a whole number belongs."},
		{name: "half an example", file: ships, old: "planned: 12", new: "planned: 12.5", where: ships + ":8", want: "`12.5` stands where a whole number belongs."},
		{name: "word for a share", file: ships, old: "min: 0.5", new: "min: half", where: ships + ":9", want: "`half` stands where a number belongs."},
		{name: "half a category's target", file: ships, old: "max: 20", new: "max: 20.5", where: ships + ":3", want: "`20.5` stands where a whole number belongs."},
		{name: "list for a text", file: ships, old: "name: Ships", new: "name: [Ships]", where: ships + ":1", want: "A list stands where text belongs."},
		{name: "text for a list", file: root, old: "\n  - ships", new: " ships", where: root + ":3", want: "`ships` stands where a list belongs."},
		{name: "text for a group", file: ships, old: "{min: 10, max: 20}", new: "20", where: ships + ":3", want: "`20` stands where a group of keys belongs."},
		{name: "group for a list", file: list, new: "slug: named\n", where: list + ":1", want: "A group of keys stands where a list belongs."},

		// The catalog.
		{name: "layout", file: root, old: "layout: 1", new: "layout: 2", where: root + ":1", want: "reads layout 1"},
		{name: "no name", file: root, old: "name: Harbour", new: "name: \"\"", where: root + ":2", want: "The text is empty"},
		{name: "no categories", file: root, old: "\n  - ships", new: " []", where: root + ":3", want: "at least one category", also: ships},
		{name: "category twice", file: root, old: "  - ships", new: "  - ships\n  - ships", where: root + ":5", want: `another category called "ships"`},
		{name: "bad slug", file: root, old: "  - ships", new: "  - ships\n  - Big Ships", where: root + ":5", want: `"Big Ships" can't be a slug; use small letters`},
		{name: "escaping slug", file: root, old: "  - ships", new: "  - ships\n  - ../etc", where: root + ":5", want: `"../etc" can't be a slug`},
		{name: "second looks", file: root, old: "categories:", new: "second_look_share: 5\ncategories:", where: root + ":3", want: "lies between 0 (none) and 1"},
		{name: "price", file: root, old: "categories:", new: "platforms:\n  - {slug: a, name: A, usd_per_million_tokens: -1}\ncategories:", where: root + ":4", want: "A price is 0 or more"},
		{name: "price not a number", file: root, old: "categories:", new: "platforms:\n  - {slug: a, name: A, usd_per_million_tokens: .nan}\ncategories:", where: root + ":4", want: "A price is 0 or more"},
		{name: "price date", file: root, old: "categories:", new: "platforms:\n  - slug: a\n    name: A\n    price_as_of: last week\ncategories:", where: root + ":6", want: "is not a date"},
		{name: "platform twice", file: root, old: "categories:", new: "platforms:\n  - {slug: a, name: A}\n  - {slug: a, name: B}\ncategories:", where: root + ":5", want: `another platform called "a"`},

		// A category.
		{name: "priority", file: ships, old: "P1", new: "high", where: ships + ":2", want: `The priority is "high"; write P0`},
		{name: "target reversed", file: ships, old: "min: 10", new: "min: 30", where: ships + ":3", want: "min (30) is above its max (20)"},
		{name: "no target", file: ships, old: "target: {min: 10, max: 20}\n", new: "", where: ships + ":1", want: "no target"},
		{name: "negative target", file: ships, old: "min: 10", new: "min: -10", where: ships + ":3", want: "-10 is not a usable count"},
		{name: "huge plan", file: ships, old: "planned: 12", new: "planned: 9000000000", where: ships + ":8", want: "not a usable count"},
		{name: "no approval", file: ships, old: "target:", new: "approvals: 0\ntarget:", where: ships + ":3", want: "1 to 9 approvals, not 0"},
		{name: "kind", file: ships, old: "kind: json", new: "kind: yaml", where: ships + ":4", want: `The kind of answer is "yaml"; write json, markdown, any.`},
		{name: "turns", file: ships, old: "kind: json", new: "kind: json, turns: last", where: ships + ":4", want: `"last" is not known; write every or final`},
		{name: "name too long", file: ships, old: "name: Ships", new: "name: " + long, where: ships + ":1", want: "201 bytes"},
		{name: "name on two lines", file: ships, old: "name: Ships", new: "name: \"Sh\\nips\"", where: ships + ":1", want: "line break"},
		{name: "invisible character", file: ships, old: "name: Ships", new: "name: \"Sh\\uFEFFips\"", where: ships + ":1", want: "U+FEFF"},
		{name: "band above 1", file: ships, old: "max: 0.9", new: "max: 90", where: ships + ":9", want: "write 85 % as 0.85"},
		{name: "band below 0", file: ships, old: "min: 0.5", new: "min: -0.5", where: ships + ":9", want: "between 0 and 1"},
		{name: "band is no number", file: ships, old: "min: 0.5", new: "min: .nan", where: ships + ":9", want: "between 0 and 1"},
		{name: "band reversed", file: ships, old: "min: 0.5", new: "min: 0.95", where: ships + ":9", want: "min (0.95) is above its max (0.9)"},
		{name: "subcategory slug", file: ships, old: "slug: steam", new: "slug: Steam", where: ships + ":6", want: "can't be a slug"},
		{name: "subcategory twice", file: ships, old: "vocabularies:\n  size: [small", new: "  - {slug: steam, name: S}\nvocabularies:\n  size: [small", where: ships + ":12", want: `another subcategory called "steam"`},
		{name: "alias of another", file: ships, old: "vocabularies:\n  size: [small", new: "  - {slug: sail, name: S, aliases: [STEAM]}\nvocabularies:\n  size: [small", where: ships + ":12", want: `another subcategory called "steam"`},
		{name: "word twice", file: ships, old: "[huge]", new: "[small]", where: ships + ":11", want: `"small" is there twice`},
		{name: "vocabulary unknown", file: ships, old: "      size: [huge]", new: "      sizes: [huge]", where: ships + ":11", want: `no vocabulary "sizes" to add to; it has size (did you mean "size"?)`},
		{name: "vocabulary empty", file: ships, old: "[small, large]", new: "[]", where: ships + ":13", want: `"size" is empty`},
		{name: "dimension source", file: ships, old: "schemas:", new: "dimensions:\n  - {slug: d, name: D, source: moon, values: [{slug: v, name: V}]}\nschemas:", where: ships + ":15", want: `The source is "moon"; write tag or user_turns`},
		{name: "dimension empty", file: ships, old: "schemas:", new: "dimensions:\n  - {slug: d, name: D, source: tag}\nschemas:", where: ships + ":15", want: `"d" has no values`},
		{name: "dimension never", file: ships, old: "schemas:", new: "dimensions:\n  - {slug: d, name: D, source: user_turns, values: [{slug: three, name: V}]}\nschemas:", where: ships + ":15", want: `"three" never occurs`},
		{name: "rule name", file: ships, old: "json/schema", new: "Check JSON", where: ships + ":17", want: `"Check JSON" is not the name of a rule`},
		{name: "rule twice", file: ships, old: "checks:", new: "checks:\n  - rule: json/schema", where: ships + ":18", want: `another check called "json/schema"`},
		{name: "severity", file: ships, old: "severity: error", new: "severity: fatal", where: ships + ":18", want: `"fatal" is not a severity; write error, warning, info.`},
		{name: "parameters are a list", file: ships, old: "\n      most: 3", new: " [3]", where: ships + ":19", want: "pairs of name and value"},
		{name: "parameter twice", file: ships, old: "most: 3", new: "most: 3\n      most: 4", where: ships + ":21", want: `"most"`},
		{name: "parameter infinite", file: ships, old: "most: 3", new: "most: .inf", where: ships + ":20", want: "not a finite number"},
		{name: "parameter aliased", file: ships, old: "most: 3", new: "most: &a [*a]", where: ships + ":20", want: "anchors and aliases are not used"},
		{name: "reason twice", file: ships, old: "schemas:", new: "reject_reasons:\n  - {slug: a, name: A}\n  - {slug: a, name: B}\nschemas:", where: ships + ":16", want: `another reason called "a"`},
		{name: "skill", file: ships, old: "severity: error", new: "skill: Ship's doctor", where: ships + ":18", want: "can't be a slug"},

		// Texts and checklist.
		{name: "Windows lines", file: "ships/system_prompt.md", new: "a\nb\r\nc\n", where: "ships/system_prompt.md", want: "Line 2 ends as Windows ends lines"},
		{name: "not UTF-8", file: "ships/guidelines.md", new: "caf\xe9", where: "ships/guidelines.md", want: "not UTF-8"},
		{name: "byte order mark", file: "ships/guidelines.md", new: "\uFEFF# Hi", where: "ships/guidelines.md", want: "Line 1 has the invisible character U+FEFF"},
		{name: "NUL", file: "ships/guidelines.md", new: "a\n\x00", where: "ships/guidelines.md", want: "Line 2 has the invisible character U+0000"},
		{name: "item without text", file: list, old: "text: The ship is named.", new: "text: \"\"", where: list + ":2", want: "no text"},
		{name: "item twice", file: list, old: "- slug", new: "- {slug: named, text: X}\n- slug", where: list + ":2", want: `another item called "named"`},
		{name: "proved by a family", file: list, old: "json/schema", new: "json", where: list + ":3", want: `"json" is not the name of a rule`},

		// Schemas.
		{name: "schema not JSON", file: ship, old: `"type": "object",` + "\n", new: `"type": "object"` + "\n", where: ship, want: "Line 3 is not JSON"},
		{name: "schema a list", file: ship, new: "[]", where: ship, want: "A schema is a JSON object"},
		{name: "schema empty", file: ship, new: "", where: ship, want: "Line 1 is not JSON"},
		{name: "schema key twice", file: ship, old: `"name": {"type": "string"},`, new: `"name": {"type": "string"}, "name": {},`, where: ship, want: `Line 4 repeats the key "name"`},
		{name: "schema not UTF-8", file: ship, old: `"properties"`, new: "\"caf\xe9\": 1, \"properties\"", where: ship, want: "not UTF-8"},
		{name: "schema wrong type", file: ship, old: `"sure": {"type": "number"}`, new: `"sure": {"type": "numbre"}`, where: ship, want: "At /properties/sure/type the schema is wrong: got string, want array; value must be one of 'array',"},
		{name: "schema old draft", file: ship, old: `"type": "object",`, new: `"$schema": "http://json-schema.org/draft-07/schema#",`, where: ship, want: "draft/2020-12"},
		{name: "schema reads a file", file: ship, old: `"#/$defs/sailor"`, new: `"file:///etc/passwd"`, where: ship, want: "refers to another document"},
		{name: "schema reads the network", file: ship, old: `"#/$defs/sailor"`, new: `"https://example.com/a.json"`, where: ship, want: "refers to another document"},
		{name: "schema lost reference", file: ship, old: `"#/$defs/sailor"`, new: `"#/$defs/captain"`, where: ship, want: `The schema has no "#/$defs/captain" to refer to; correct the "$ref".`},
		{name: "schema bad pattern", file: ship, old: `{"type": "string"},`, new: `{"type": "string", "pattern": "("},`, where: ship, want: "the schema"},
		{name: "schema out of reach", file: ships, old: "  - name: ship\n", new: "  - name: ship\n  - name: boat\n    when: [/oars]\n", where: ships + ":16", want: "never used, because ship before it fits every answer", also: "ships/schemas/boat.json"},
		{name: "when is no path", file: ships, old: "  - name: ship\n", new: "  - name: ship\n    when: [oars]\n", where: ships + ":16", want: `"oars" is not a path; write it as /assessment.`},

		// Views.
		{name: "no such field", file: view, old: "/sure", new: "/suer", where: view + ":1", want: `has no /suer; the fields there are crew, name, size, sure (did you mean "sure"?)`},
		{name: "no such field below", file: view, old: "/crew", new: "/crew/*/age", where: view + ":7", want: "the fields there are name, years"},
		{name: "path without slash", file: view, old: "/sure", new: "sure", where: view + ":1", want: `"sure" is not a path`},
		{name: "hint twice", file: view, old: "path: /size", new: "path: /sure", where: view + ":4", want: "has a hint already (number 1)"},
		{name: "drawing unknown", file: view, old: "as: meter", new: "as: metre", where: view + ":2", want: `"metre" is not a way to draw; choose bars, chips, choice,`},
		{name: "drawing does not fit", file: view, old: "as: meter", new: "as: steps", where: view + ":2", want: "steps draws array, but the schema says that /sure is number."},
		{name: "band of a choice", file: view, old: "as: choice\n  vocabulary: size", new: "as: text\n  band: confidence", where: view + ":6", want: "A band belongs to a meter"},
		{name: "choice without words", file: view, old: "  vocabulary: size\n", new: "", where: view + ":4", want: "name a vocabulary, or give the field an enum"},
		{name: "vocabulary of a view", file: view, old: "vocabulary: size", new: "vocabulary: colour", where: view + ":6", want: `no vocabulary "colour"`},
		{name: "bars without number", file: view, old: "  item_value: years\n", new: "", where: view + ":8", want: "Bars need item_label and item_value"},
		{name: "bars of nothing", file: view, old: "item_value: years", new: "item_value: yeas", where: view + ":10", want: `no field "yeas"; the fields here are name, years (did you mean "years"?)`},
		{name: "unit from nowhere", file: view, old: "band: confidence", new: "unit_from: unit", where: view + ":3", want: `no field "unit"; the fields here are crew, name, size, sure`},
		{name: "tone", file: view, old: "band: confidence", new: "tone: red", where: view + ":3", want: "choose neutral, good, caution, danger"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := harbour()
			switch {
			case tt.remove:
				delete(files, tt.file)
			case tt.old == "":
				files[tt.file] = tt.new
			default:
				if !strings.Contains(files[tt.file], tt.old) {
					t.Fatalf("%s has no %q", tt.file, tt.old)
				}
				files[tt.file] = strings.Replace(files[tt.file], tt.old, tt.new, 1)
			}
			_, err := parse(files)
			if !errors.Is(err, fault.Invalid) {
				t.Fatalf("Parse = %v, want fault.Invalid", err)
			}
			f, _ := fault.As(err)
			if got, ok := f.Fields[tt.where]; !ok || !strings.Contains(got, tt.want) {
				t.Errorf("want at %q: ...%s...; got%s", tt.where, tt.want, listed(err))
			}
			delete(f.Fields, tt.also)
			if len(f.Fields) != 1 {
				t.Errorf("one mistake, but %d places are reported:%s", len(f.Fields), listed(err))
			}
			for where, msg := range f.Fields {
				if !strings.HasSuffix(msg, ".") {
					t.Errorf("%s: %q does not end as a sentence", where, msg)
				}
			}
		})
	}
}

// TestParseTellsEverything makes mistakes in every file at once.
func TestParseTellsEverything(t *testing.T) {
	t.Parallel()
	files := harbour()
	files["catalog.yaml"] = "layout: 1\nname: \"\"\ncategories: [ships, boats]\n"
	files["ships/category.yaml"] = strings.NewReplacer("P1", "urgent", "planned: 12", "planned: twelve", "max: 0.9", "max: 9", "rule: json/schema", "ruel: json").Replace(files["ships/category.yaml"])
	files["ships/checklist.yaml"] = "- slug: named\n"
	files["ships/schemas/ship.json"] = "{"
	files["ships/notes.txt"] = "x"
	_, err := parse(files)
	f, ok := fault.As(err)
	if !ok {
		t.Fatalf("Parse = %v, want a fault", err)
	}
	want := []string{
		"boats/category.yaml",
		"catalog.yaml:2",
		"ships/category.yaml:17",
		"ships/category.yaml:2",
		"ships/category.yaml:8",
		"ships/category.yaml:9",
		"ships/checklist.yaml:1",
		"ships/notes.txt",
		"ships/schemas/ship.json",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(f.Fields))); diff != "" {
		t.Errorf("places (-want +got):\n%s%s", diff, listed(err))
	}
	if !strings.Contains(f.Msg, "9 places") {
		t.Errorf("Msg = %q, want the number of places", f.Msg)
	}
}

func TestLoadOtherTeam(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load(os.DirFS("testdata/museum"))
	if err != nil {
		t.Fatalf("Load = %v%s", err, listed(err))
	}
	lookup, _ := c.Category("lookup")
	if lookup.Name != "Exhibit lookup" || len(lookup.Subcategories) != 2 || len(lookup.Schemas[0].View) != 3 {
		t.Errorf("Load = %+v", lookup)
	}
	check, on := lookup.Check("json/schema")
	if !on {
		t.Error("json/schema does not run")
	}
	// As written: a date stays text, a number keeps its zero, words keep their type.
	want := catalog.Params{
		"since":  []byte(`"2025-06-01"`),
		"ratio":  []byte(`1.50`),
		"limits": []byte(`{"near":2,"far":10}`),
		"words":  []byte(`["on","yes please","3"]`),
	}
	if diff := cmp.Diff(want, check.Params); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	var where []string
	for _, w := range c.Warnings() {
		where = append(where, w.Where)
	}
	if diff := cmp.Diff([]string{"categories[0].system_prompt", "categories[0].guidelines", "categories[1].checks"}, where); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestLoadPassesOver(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for name, text := range harbour() {
		fsys["export/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, name := range []string{".git/config", "export/.DS_Store", "export/README.md", "export/LICENSE", "export/embed.go", "__MACOSX/export/x", "export/ships/README"} {
		fsys[name] = &fstest.MapFile{Data: []byte("x")}
	}
	if _, err := catalog.Load(fsys); err != nil {
		t.Errorf("Load = %v%s", err, listed(err))
	}
	fsys["export/ships/guidelines.md"] = &fstest.MapFile{Data: make([]byte, 1<<20+1)}
	_, err := catalog.Load(fsys)
	if f, ok := fault.As(err); !ok || !strings.Contains(f.Fields["ships/guidelines.md"], "larger than 1024 KB") || len(f.Fields) != 1 {
		t.Errorf("Load of a large file = %v%s", err, listed(err))
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	crowd := fstest.MapFS{}
	for i := range 2001 {
		crowd[fmt.Sprintf("f%d", i)] = &fstest.MapFile{}
	}
	for _, tt := range []struct {
		name string
		fsys fs.FS
		want fault.Kind
	}{
		{"no folder", os.DirFS("testdata/nowhere"), fault.Invalid},
		{"empty folder", fstest.MapFS{}, fault.Invalid},
		{"too many files", crowd, fault.TooLarge},
	} {
		if _, err := catalog.Load(tt.fsys); !errors.Is(err, tt.want) {
			t.Errorf("%s: Load = %v, want %v", tt.name, err, tt.want)
		}
	}
}

// FuzzParse puts odd text into one file of a good catalog. Whatever comes, the
// answer is a catalog that can be written and read back, or sentences.
func FuzzParse(f *testing.F) {
	names := slices.Sorted(maps.Keys(harbour()))
	for i, name := range names {
		f.Add(i, harbour()[name])
	}
	for _, odd := range []string{
		"", "---\n---\n", "a: &a [*a]", "&a a: *a", "? [x]\n: y", "!!binary x", "<<: {a: 1}", "- - - -", "{}", "[]", "null", "~", "0x1F", "\xff", "\x00",
		"layout: 1\nname: x\ncategories: [ships, null, 3, {}]", "layout: 1\nname: x\ncategories:\n  ? ships",
		"name: |\n  x\n\n\npriority: P0", "checks: [{rule: a, params: {b: 010, c: 1e400, d: 0o7, e: +1, f: 1_0, g: .5, h: 2001-01-01}}]",
		strings.Repeat("[", 200), strings.Repeat("a: {", 200), "target: {<<: *x}", "schemas: [{name: ship}, {name: ship}]", "schemas: [{name: ../../x}]",
		`{"$ref":"#"}`, `{"$id":"http://a/b","$ref":"c"}`, `{"properties":{"a":{"$ref":"#/properties/a"}}}`, `{"$schema":3}`, `true`, `{"a":1,"a":2}`, "\"\\ud800\"",
	} {
		for i := range names {
			f.Add(i, odd)
		}
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		files := harbour()
		files[names[max(i, -i, 0)%len(names)]] = text
		c, err := parse(files)
		if err != nil {
			if !errors.Is(err, fault.Invalid) || listed(err) == "" {
				t.Fatalf("Parse = %v, want a fault that says where", err)
			}
			return
		}
		if _, err := c.Files(); err != nil {
			t.Fatalf("Files() of a catalog that was read = %v%s", err, listed(err))
		}
	})
}
