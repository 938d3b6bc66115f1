package export

import (
	"crypto/sha256"
	"path"
	"strings"
)

// Complete is the file that holds the rows of every split in one.
const Complete = "voicefit_llama_training_complete.jsonl"

// The content types of files.
const (
	typeJSONLines = "application/x-ndjson"
	typeParquet   = "application/vnd.apache.parquet"
	typeJSON      = "application/json"
	typeYAML      = "application/yaml"
	typeMarkdown  = "text/markdown; charset=utf-8"
	typePython    = "text/x-python; charset=utf-8"
)

// A Part is a file that holds rows.
type Part struct {
	Name        string // in the preset's folder, with slashes
	ContentType string
	// Splits are the splits whose rows it holds, in this order; empty where the
	// dataset is not split, and then it holds all rows.
	Splits []string
}

// parquet reports whether it is a Parquet file; any other holds one JSON
// object per line.
func (f Part) parquet() bool { return path.Ext(f.Name) == ".parquet" }

// Split is the only split that the file holds: train where the dataset is not
// split, "" where it holds several.
func (f Part) Split() string {
	switch len(f.Splits) {
	case 0:
		return "train"
	case 1:
		return f.Splits[0]
	}
	return ""
}

// A layout lists the files of a dataset with these splits.
type layout func(splits []string) []Part

// Files lists the files with rows that p makes of a dataset with these splits, in
// the order given (train, validation, test); of no splits where it is not split.
// Companions come on top of them.
func (p Preset) Files(splits []string) []Part { return p.form().layout(splits) }

// single is one file of everything and, where there are splits, one of each.
func single(splits []string) []Part {
	files := []Part{{Name: Complete, ContentType: typeJSONLines, Splits: splits}}
	for _, s := range splits {
		files = append(files, Part{Name: s + ".jsonl", ContentType: typeJSONLines, Splits: []string{s}})
	}
	return files
}

// eachIn is one file of rows for each split, of the name that the pattern gives,
// without one for everything: a trainer reads a folder.
func eachIn(pattern ...string) layout {
	return func(splits []string) []Part {
		if len(splits) == 0 {
			splits = []string{"train"}
		}
		var files []Part
		for _, s := range splits {
			for _, p := range pattern {
				part := Part{Name: strings.ReplaceAll(p, "*", s), ContentType: typeJSONLines, Splits: []string{s}}
				if part.parquet() {
					part.ContentType = typeParquet
				}
				files = append(files, part)
			}
		}
		return files
	}
}

// tables is one Parquet file of everything and, where there are splits, one of
// each.
func tables(splits []string) []Part {
	files := single(splits)
	for i := range files {
		files[i].Name = strings.TrimSuffix(files[i].Name, ".jsonl") + ".parquet"
		files[i].ContentType = typeParquet
	}
	return files
}

// A Written is a file as it was written.
type Written struct {
	Part
	Rows, Bytes int64
	SHA256      [sha256.Size]byte
}

// A Set is a dataset as companion files tell of it.
type Set struct {
	Name        string // letters, digits, dots and dashes
	Title       string
	Description string    // plain text; may be empty
	Licences    []Licence // as the sources of the rows state them; none: nothing is known
	Version     string    // may be empty
	Files       []Written
}

// A Companion is a file beside those with rows: a configuration or a card.
type Companion struct {
	Name        string // in the preset's folder, with slashes
	ContentType string
	Body        []byte
}

// Companions makes the companion files of p; none where it needs none. They are
// the same bytes for the same set.
func (p Preset) Companions(s Set) ([]Companion, error) {
	f := p.form()
	if f.companion == nil {
		return nil, nil
	}
	return f.companion(s)
}

// FileNames lists the files that p makes of a dataset that is not split, those
// with rows first.
func (p Preset) FileNames() []string {
	set := Set{Name: "dataset"}
	var names []string
	for _, part := range p.Files(nil) {
		names = append(names, part.Name)
		set.Files = append(set.Files, Written{Part: part})
	}
	companions, err := p.Companions(set)
	if err != nil {
		panic("export: " + string(p) + ": " + err.Error()) // it depends on nothing from outside
	}
	for _, c := range companions {
		names = append(names, c.Name)
	}
	return names
}

// of returns the files of one kind, by extension.
func (s Set) of(ext string) []Written {
	var found []Written
	for _, w := range s.Files {
		if strings.HasSuffix(w.Name, ext) {
			found = append(found, w)
		}
	}
	return found
}
