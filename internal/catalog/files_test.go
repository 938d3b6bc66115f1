package catalog_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/fault"
)

// odd is a catalog with texts that are easily lost on the way through files.
func odd() *catalog.Catalog {
	price := 0.1
	total := 100.0
	return &catalog.Catalog{
		Layout: 1, Name: "yes", Description: "- not: a list\n\n  indented\n",
		Platforms: []catalog.Platform{{Slug: "a", Name: "1e3", USDPerMillionTokens: &price, PriceAsOf: "2026"}},
		Categories: []catalog.Category{{
			Slug: "odd", Name: "# not a comment", Aliases: []string{"null", "~", "2026-01-01", "0x10", " padded "},
			Description: "trailing blank \nline\twith tab", Priority: "P9", Target: catalog.Target{Max: 1}, Approvals: 9,
			Answer:        catalog.Answer{Kind: "any", Turns: "final"},
			Subcategories: []catalog.Subcategory{{Slug: "zero", Name: "off", ConfidenceBand: &catalog.Band{}, Answer: &catalog.Answer{Kind: "markdown"}, Skill: "clinician"}},
			Dimensions:    []catalog.Dimension{{Slug: "d", Name: "d", Source: "tag", Values: []catalog.DimensionValue{{Slug: "true", Name: "true"}}}},
			Vocabularies:  catalog.Vocabularies{"v": {"true", "1", "ja/nein", "“quoted”"}},
			Checks: []catalog.Check{{Rule: "text", Off: true, Params: catalog.Params{
				"big": json.RawMessage(`12345678901234567890`), "exp": json.RawMessage(`1e3`), "zero": json.RawMessage(`1.0`), "minus": json.RawMessage(`-0`),
				"words":  json.RawMessage(`["true","1.0","null","~","","a: b","- x","#","&a","*a","'","\"","<b>","2026-01-01","line\nbreak","é","\u0007"]`),
				"nested": json.RawMessage(`{"z":{"y":[[],{},null,true]},"a":[{"b":1}]}`),
			}}},
			RejectReasons: []catalog.RejectReason{{Slug: "r", Name: "100 %"}},
			Checklist:     []catalog.ChecklistItem{{Slug: "i", Text: "a: b", Help: "x\n"}},
			Schemas: []catalog.Schema{{
				Name: "s", When: []string{"/a~1b"},
				JSON: json.RawMessage(`{"z":"<&>","type":"object","properties":{"a/b":{"type":"array","items":{"properties":{"n":{},"v":{}}}},"0":{"default":1.50}}}`),
				View: []catalog.Hint{{Path: "/a~1b", As: "bars", ItemLabel: "n", ItemValue: "v", Total: &total, Fields: []string{"v", "n"}, Folded: true, FromText: true, Label: "on"}},
			}},
			SystemPrompt: "\n  You are.\n\n",
			Guidelines:   "\n",
		}},
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	museum, err := catalog.Load(os.DirFS("testdata/museum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*catalog.Catalog{"default": theDefault(t), "museum": museum, "odd": odd()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := c.Files()
			if err != nil {
				t.Fatalf("Files() = %v%s", err, listed(err))
			}
			back, err := catalog.Parse(files)
			if err != nil {
				t.Fatalf("Parse(Files()) = %v%s", err, listed(err))
			}
			if diff := cmp.Diff(c, back); diff != "" {
				t.Errorf("Parse(Files()) (-want +got):\n%s", diff)
			}
			again, err := back.Files()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(files, again); diff != "" {
				t.Errorf("written twice (-first +second):\n%s", diff)
			}

			doc, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := catalog.Decode(doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, decoded); diff != "" {
				t.Errorf("Decode(Encode()) (-want +got):\n%s", diff)
			}

			var zipped, twice bytes.Buffer
			if err := errors.Join(c.Zip(&zipped), c.Zip(&twice)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(zipped.Bytes(), twice.Bytes()) {
				t.Error("Zip gives other bytes the second time")
			}
			archive, err := zip.NewReader(bytes.NewReader(zipped.Bytes()), int64(zipped.Len()))
			if err != nil {
				t.Fatal(err)
			}
			unzipped, err := catalog.Load(archive)
			if err != nil {
				t.Fatalf("Load(Zip()) = %v%s", err, listed(err))
			}
			if diff := cmp.Diff(c, unzipped); diff != "" {
				t.Errorf("Load(Zip()) (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesOfBrokenCatalog(t *testing.T) {
	t.Parallel()
	c := theDefault(t)
	c.Categories[1].Priority = "soon"
	files, err := c.Files()
	if f, ok := fault.As(err); !ok || files != nil || f.Fields["categories[1].priority"] == "" {
		t.Errorf("Files() = %d files, %v%s, want the mistake", len(files), err, listed(err))
	}
	var b bytes.Buffer
	if err := c.Zip(&b); !errors.Is(err, fault.Invalid) || b.Len() > 0 {
		t.Errorf("Zip wrote %d bytes, %v, want nothing but the mistake", b.Len(), err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", "[]", `{"layout":1`, `{"layout":"1"}`, `{"layout":1,"colour":"red"}`, `{"layout":1} {}`, `{"layout":1}]`} {
		if _, err := catalog.Decode([]byte(doc)); !errors.Is(err, fault.Invalid) {
			t.Errorf("Decode(%q) = %v, want fault.Invalid", doc, err)
		}
	}
	// A stored catalog opens even if it would no longer be accepted.
	if c, err := catalog.Decode([]byte(`{"layout":1,"name":"","categories":[]}` + "\n")); err != nil || c.Validate() == nil {
		t.Errorf("Decode of an invalid catalog = %v, want it to open and Validate to object", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*catalog.Catalog)
		where  string
		want   string
	}{
		{"good", func(*catalog.Catalog) {}, "", ""},
		{"catalog", func(c *catalog.Catalog) { *c = catalog.Catalog{Layout: 1, Name: "x"} }, "categories", "at least one"},
		{"slug", func(c *catalog.Catalog) { c.Categories[2].Subcategories[3].Slug = "Bad" }, "categories[2].subcategories[3].slug", "can't be a slug"},
		{"alias of a category", func(c *catalog.Catalog) { c.Categories[3].Aliases[0] = "voice parsing" }, "categories[3].aliases[0]", "another category"},
		{"prompt", func(c *catalog.Catalog) { c.Categories[0].SystemPrompt = "a\r\nb" }, "categories[0].system_prompt", "CRLF"},
		{"schema", func(c *catalog.Catalog) { c.Categories[0].Schemas[0].JSON = json.RawMessage(`{"type":3}`) }, "categories[0].schemas[0].json", "At /type"},
		{"view", func(c *catalog.Catalog) { c.Categories[2].Schemas[1].View[0].Path = "/nowhere" }, "categories[2].schemas[1].view[0].path", "no /nowhere"},
		{"parameter", func(c *catalog.Catalog) { c.Categories[2].Checks[7].Params["total"] = json.RawMessage("1e999") }, "categories[2].checks[7].params.total", "too large"},
		{"parameter broken", func(c *catalog.Catalog) { c.Categories[2].Checks[7].Params["total"] = json.RawMessage("{") }, "categories[2].checks[7].params.total", "can't be read"},
		{"checklist", func(c *catalog.Catalog) { c.Categories[2].Checklist[5].Text = " " }, "categories[2].checklist[5].text", "no text"},
		{"reasons", func(c *catalog.Catalog) {
			for _, s := range strings.Split("abcd", "") {
				c.Categories[0].RejectReasons = append(c.Categories[0].RejectReasons, catalog.RejectReason{Slug: s, Name: s})
			}
		}, "categories[0].reject_reasons", "10 reasons"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := theDefault(t)
			tt.change(c)
			err := c.Validate()
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Validate() = %v%s", err, listed(err))
				}
				return
			}
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Invalid || !strings.Contains(f.Fields[tt.where], tt.want) || len(f.Fields) != 1 {
				t.Errorf("Validate() = %v%s, want at %s: ...%s...", err, listed(err), tt.where, tt.want)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*catalog.Category)
		where  string
		want   string
	}{
		{"plan above target", func(c *catalog.Category) { c.Subcategories[0].Planned = 21 }, ".subcategories", "21 examples in total, more than the target's max of 20"},
		{"plan below target", func(c *catalog.Category) { c.Subcategories[0].Planned = 9 }, ".subcategories", "9 examples in total, fewer than the target's min of 10"},
		{"no schema", func(c *catalog.Category) { c.Schemas = nil }, ".schemas", "no schema describes them"},
		{"schema of prose", func(c *catalog.Category) { c.Answer.Kind = "markdown" }, ".schemas", "never used"},
		{"no prompt", func(c *catalog.Category) { c.SystemPrompt = "" }, ".system_prompt", "no system prompt"},
		{"no guidelines", func(c *catalog.Category) { c.Guidelines = "" }, ".guidelines", "no guidelines"},
		{"no checks", func(c *catalog.Category) { c.Checks, c.Checklist = nil, nil }, ".checks", "No check"},
		{"proof that never comes", func(c *catalog.Category) { c.Checks[0].Rule = "text" }, ".checklist[0].proved_by[0]", "never ticks"},
	} {
		c, err := parse(harbour())
		if err != nil {
			t.Fatal(err)
		}
		tt.change(&c.Categories[0])
		got := c.Warnings()
		if len(got) != 1 || got[0].Where != "categories[0]"+tt.where || !strings.Contains(got[0].Message, tt.want) {
			t.Errorf("%s: Warnings() = %v, want one at %s: ...%s...", tt.name, got, tt.where, tt.want)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: Validate() = %v, want a warning to be no mistake", tt.name, err)
		}
	}
	// A plan for some subcategories only can still be filled up.
	c, err := parse(harbour())
	if err != nil {
		t.Fatal(err)
	}
	c.Categories[0].Subcategories[0].Planned = 5
	c.Categories[0].Subcategories = append(c.Categories[0].Subcategories, catalog.Subcategory{Slug: "sail", Name: "Sail"})
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("Warnings() of a partial plan = %v, want none", w)
	}
}
