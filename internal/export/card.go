package export

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// huggingFaceFiles are the card and the Croissant description of a dataset on
// the Hugging Face hub.
func huggingFaceFiles(s Set) ([]Companion, error) {
	croissant, err := croissant(s)
	if err != nil {
		return nil, err
	}
	return []Companion{
		{Name: "README.md", ContentType: typeMarkdown, Body: []byte(card(s))},
		{Name: "croissant.json", ContentType: "application/ld+json", Body: croissant},
	}, nil
}

// sizes are the hub's classes of size, by their upper ends.
var sizes = []struct {
	below int64
	class string
}{
	{1_000, "n<1K"},
	{10_000, "1K<n<10K"},
	{100_000, "10K<n<100K"},
	{1_000_000, "100K<n<1M"},
	{10_000_000, "1M<n<10M"},
	{100_000_000, "10M<n<100M"},
}

func sizeClass(rows int64) string {
	for _, s := range sizes {
		if rows < s.below {
			return s.class
		}
	}
	return "n>100M"
}

// features are the columns of the rows, in the card's spelling.
const features = `  features:
  - name: messages
    list:
    - name: role
      dtype: string
    - name: content
      dtype: string
  - name: tools
    dtype: string
`

// card is the README.md of a dataset, with its YAML in front. The features are
// explicit: otherwise the library would guess them from the first rows. Only the
// Parquet files are a configuration: the library picks one reader for all of a
// repository, and reads JSON Lines as Parquet where both are named.
func card(s Set) string {
	var b strings.Builder
	rows := int64(0)
	for _, w := range s.of(".parquet") {
		rows += w.Rows
	}
	b.WriteString("---\n")
	b.WriteString(s.licenceYAML())
	fmt.Fprintf(&b, "language:\n- en\npretty_name: %s\nsize_categories:\n- %s\ntask_categories:\n- text-generation\ntags:\n- conversational\n- fitness\nconfigs:\n",
		yamlString(comment(s)), sizeClass(rows))
	parquet, size := s.of(".parquet"), int64(0)
	b.WriteString("- config_name: default\n  data_files:\n")
	for _, w := range parquet {
		fmt.Fprintf(&b, "  - split: %s\n    path: %s\n", w.Split(), w.Name)
		size += w.Bytes
	}
	b.WriteString("dataset_info:\n" + features + "  splits:\n")
	for _, w := range parquet {
		fmt.Fprintf(&b, "  - name: %s\n    num_bytes: %d\n    num_examples: %d\n", w.Split(), w.Bytes, w.Rows)
	}
	fmt.Fprintf(&b, "  download_size: %d\n  dataset_size: %d\n", size, size)
	b.WriteString("---\n\n")

	fmt.Fprintf(&b, "# %s\n\n", comment(s))
	if s.Description != "" {
		b.WriteString(strings.TrimSpace(s.Description) + "\n\n")
	}
	if s.Version != "" {
		fmt.Fprintf(&b, "Version %s.\n\n", comment(Set{Title: s.Version}))
	}
	b.WriteString("| Split | Rows |\n| --- | --- |\n")
	for _, w := range s.of(".parquet") {
		fmt.Fprintf(&b, "| %s | %d |\n", w.Split(), w.Rows)
	}
	b.WriteString("\n" + s.licenceTable())
	b.WriteString(`Every row has ` + "`messages`, a list of `role` (system, user, assistant, tool) and `content`, and `tools`" + `: the JSON of a list of
function definitions, or ` + "`null`" + `. A tool call is an assistant's message in the words of Llama 3.3's chat template.

` + "```python" + `
import json
from datasets import load_dataset

for row in load_dataset(".", split="` + s.train(".parquet").Split() + `"):
    text = tokenizer.apply_chat_template(row["messages"], tools=json.loads(row["tools"]), tokenize=False)
` + "```" + `

The text begins with the begin-of-text token: tokenise it with ` + "`add_special_tokens=False`" + `.

The same rows are there as JSON Lines. The library reads one kind of file per repository, so name them:
` + "`load_dataset(\"json\", data_files=\"" + s.train(".jsonl").Name + "\")`" + `.
`)
	return b.String()
}

// object is a JSON object whose keys are written in order of the alphabet.
type object = map[string]any

// croissant describes the files in the vocabulary of Croissant 1.0.
func croissant(s Set) ([]byte, error) {
	var files, records []any
	for _, w := range s.Files {
		kind := "application/jsonlines"
		if w.parquet() {
			kind = "application/x-parquet"
		}
		files = append(files, object{
			"@type": "cr:FileObject", "@id": w.Name, "name": w.Name, "contentUrl": w.Name, "encodingFormat": kind,
			"contentSize": strconv.FormatInt(w.Bytes, 10) + " B", "sha256": hex.EncodeToString(w.SHA256[:]),
		})
	}
	for _, w := range s.of(".parquet") {
		split := w.Split()
		column := func(name string) object {
			return object{"fileObject": object{"@id": w.Name}, "extract": object{"column": name}}
		}
		within := func(name string) object {
			source := column("messages")
			source["transform"] = object{"jsonPath": "$[*]." + name}
			return object{
				"@type": "cr:Field", "@id": split + "/messages/" + name, "name": split + "/messages/" + name, "dataType": "sc:Text", "source": source,
			}
		}
		records = append(records, object{
			"@type": "cr:RecordSet", "@id": split, "name": split,
			"description": "The rows of the split " + split + ".",
			"field": []any{
				object{
					"@type": "cr:Field", "@id": split + "/messages", "name": split + "/messages", "repeated": true,
					"description": "The conversation, in order.", "source": column("messages"),
					"subField": []any{within("role"), within("content")},
				},
				object{
					"@type": "cr:Field", "@id": split + "/tools", "name": split + "/tools", "dataType": "sc:Text",
					"description": "The JSON of a list of function definitions, or null.", "source": column("tools"),
				},
			},
		})
	}
	description := s.Description
	if description == "" {
		description = comment(s)
	}
	doc := object{
		"@context":   croissantContext,
		"@type":      "sc:Dataset",
		"conformsTo": "http://mlcommons.org/croissant/1.0",
		"name":       slug(s.Name), "description": description, "license": s.croissantLicence(), "url": "./",
		"distribution": files, "recordSet": records,
	}
	if s.Version != "" {
		doc["version"] = s.Version
	}
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("croissant.json: %w", err)
	}
	return append(body, '\n'), nil
}

// croissantContext is the context that the specification prescribes.
var croissantContext = object{
	"@language": "en", "@vocab": "https://schema.org/",
	"citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
	"rai": "http://mlcommons.org/croissant/RAI/", "data": object{"@id": "cr:data", "@type": "@json"},
	"dataType": object{"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
	"equivalentProperty": "cr:equivalentProperty", "examples": object{"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
	"fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format",
	"includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
	"parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet", "references": "cr:references",
	"regex": "cr:regex", "samplingRate": "cr:samplingRate", "repeated": "cr:repeated", "replace": "cr:replace", "sc": "https://schema.org/",
	"separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}
