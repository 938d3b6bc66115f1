package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	catalogfiles "github.com/voicefit/spotter/catalog"
	"github.com/voicefit/spotter/internal/fault"
)

// The names of a catalog's files.
const (
	rootFile      = "catalog.yaml"
	categoryFile  = "category.yaml"
	promptFile    = "system_prompt.md"
	guidelineFile = "guidelines.md"
	checklistFile = "checklist.yaml"
	schemaDir     = "schemas"
	schemaExt     = ".json"
	viewExt       = ".view.yaml"
)

const (
	maxFileBytes = 1 << 20
	maxFiles     = 2000
)

// rootYAML is catalog.yaml: the catalog with its categories as folder names.
type rootYAML struct {
	Layout      int        `yaml:"layout"`
	Name        string     `yaml:"name"`
	Description string     `yaml:"description,omitempty"`
	Categories  []string   `yaml:"categories"`
	Platforms   []Platform `yaml:"platforms,omitempty"`
	// A pointer, because 0 means something else than nothing.
	SecondLookShare *float64 `yaml:"second_look_share,omitempty"`
}

// Default returns the catalog that is shipped with the product.
func Default() (*Catalog, error) {
	c, err := Load(catalogfiles.Files)
	if err != nil {
		return nil, fmt.Errorf("load the default catalog: %w", err)
	}
	return c, nil
}

// Load reads a catalog from the files under fsys, which may be a folder, a zip
// archive or embedded. Hidden files, README*, LICENSE*, NOTICE* and Go files
// are passed over; where the catalog lies in the only folder of fsys, as in
// most archives, it is found there. See Parse for the errors.
func Load(fsys fs.FS) (*Catalog, error) {
	files := map[string][]byte{}
	wrong := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != "." && passedOver(d.Name(), d.IsDir()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if len(files) == maxFiles {
			return fault.New(fault.TooLarge, "The catalog has more than %d files; is this the right folder?", maxFiles)
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		if len(data) > maxFileBytes {
			wrong[name] = fmt.Sprintf("The file is larger than %d KB, which is too large for a catalog.", maxFileBytes>>10)
			data = nil
		}
		files[name] = data
		return nil
	})
	if _, classified := fault.As(err); classified {
		return nil, err
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The catalog's files can't be read. Check the folder and its permissions.")
	}
	return parse(files, wrong)
}

// passedOver reports whether a file or folder is none of the catalog's business.
func passedOver(name string, dir bool) bool {
	if name[0] == '.' || name == "__MACOSX" {
		return true
	}
	for _, prefix := range []string{"README", "LICENSE", "NOTICE"} {
		if !dir && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return !dir && path.Ext(name) == ".go"
}

// readFile returns at most one byte more than maxFileBytes, whatever size an
// archive claims for the file.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// Parse reads a catalog from the contents of its files by slash-separated
// name, the inverse of Catalog.Files. It returns either a valid catalog or a
// fault.Invalid with all mistakes at once: the keys of its Fields are
// "file:line", or "file" where no line is to blame, and each value says what
// to do.
func Parse(files map[string][]byte) (*Catalog, error) {
	return parse(files, nil)
}

func parse(files map[string][]byte, wrong map[string]string) (*Catalog, error) {
	files, folder := enter(files)
	r := &reader{files: files, fields: map[string]string{}, docs: map[string]*yaml.Node{}, used: map[string]bool{}, checked: map[string]bool{}, partly: map[string]bool{}, skipped: map[string]bool{}}
	for name, msg := range wrong {
		r.fields[strings.TrimPrefix(name, folder)] = msg
		r.used[strings.TrimPrefix(name, folder)] = true
	}
	c := r.catalog()
	r.strays()
	for _, one := range c.problems().list {
		file, rest := r.home(c, one.path)
		key := r.where(file, rest)
		if r.broken(file) || r.fields[key] != "" && !r.checked[key] {
			continue // what the file itself says is nearer to the cause
		}
		r.note(key, one.msg)
	}
	if len(r.fields) > 0 {
		return nil, invalid(r.fields)
	}
	// By way of JSON, so that a catalog is the same wherever it came from.
	doc, err := c.Encode()
	if err != nil {
		return nil, err
	}
	return Decode(doc)
}

// enter returns the files without the folder that contains all of them, and
// that folder with its slash.
func enter(files map[string][]byte) (map[string][]byte, string) {
	if _, ok := files[rootFile]; ok {
		return files, ""
	}
	folder := ""
	for name := range files {
		dir, _, ok := strings.Cut(name, "/")
		if !ok || folder != "" && folder != dir {
			return files, ""
		}
		folder = dir
	}
	if _, ok := files[folder+"/"+rootFile]; !ok {
		return files, ""
	}
	inside := make(map[string][]byte, len(files))
	for name, data := range files {
		inside[strings.TrimPrefix(name, folder+"/")] = data
	}
	return inside, folder + "/"
}

// A reader turns files into a catalog and collects what is wrong with them.
type reader struct {
	files   map[string][]byte
	fields  map[string]string     // mistakes by "file:line"
	docs    map[string]*yaml.Node // for the lines of YAML files that could be read
	used    map[string]bool       // files that belong to the catalog
	partly  map[string]bool       // files of which something could not be read
	skipped map[string]bool       // files that were not looked for
	checked map[string]bool       // keys of fields that come from the checks, not from reading
}

// note adds a mistake found by checking a catalog that could be read.
func (r *reader) note(key, msg string) {
	r.checked[key] = true
	addField(r.fields, key, msg)
}

func (r *reader) catalog() *Catalog {
	var root rootYAML
	r.required(rootFile, "Every catalog starts with this file; it has the layout, the name and the list of categories.")
	r.yaml(rootFile, &root)
	c := &Catalog{Layout: root.Layout, Name: root.Name, Description: root.Description, Platforms: root.Platforms, SecondLookShare: root.SecondLookShare}
	for _, slug := range root.Categories {
		c.Categories = append(c.Categories, r.category(slug))
	}
	return c
}

func (r *reader) category(slug string) Category {
	c := Category{Slug: slug, Approvals: 1} // approvals where the file says nothing
	if !slugPattern.MatchString(slug) {
		r.skipped[slug+"/"+categoryFile] = true // the slug is complained about already
		return c
	}
	r.required(slug+"/"+categoryFile, fmt.Sprintf("%s lists the category %q; write this file, or remove the category from the list.", rootFile, slug))
	r.yaml(slug+"/"+categoryFile, &c)
	c.SystemPrompt = r.text(slug + "/" + promptFile)
	c.Guidelines = r.text(slug + "/" + guidelineFile)
	r.yaml(slug+"/"+checklistFile, &c.Checklist)
	for i := range c.Schemas {
		s := &c.Schemas[i]
		name := slug + "/" + schemaDir + "/" + s.Name
		r.required(name+schemaExt, fmt.Sprintf("%s/%s lists the schema %q; write this file, or remove the schema from the list.", slug, categoryFile, s.Name))
		r.used[name+schemaExt] = true
		data := r.files[name+schemaExt]
		s.JSON = data
		if checkJSON(data) == "" {
			var b bytes.Buffer
			// The document is valid, so Compact cannot fail.
			_ = compact(&b, data)
			s.JSON = b.Bytes()
		}
		r.yaml(name+viewExt, &s.View)
	}
	return c
}

// required notes the absence of a file with what it is for.
func (r *reader) required(name, why string) {
	if _, ok := r.files[name]; !ok {
		addField(r.fields, name, "The file is missing. "+why)
	}
}

// text returns the contents of a file without its last line end.
func (r *reader) text(name string) string {
	r.used[name] = true
	return strings.TrimSuffix(string(r.files[name]), "\n")
}

// yaml decodes a file into dst, if it is there.
func (r *reader) yaml(name string, dst any) {
	r.used[name] = true
	data, ok := r.files[name]
	if !ok || r.fields[name] != "" {
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		line, msg := 0, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := linePattern.FindStringSubmatch(msg); m != nil {
			line, _ = strconv.Atoi(m[1])
			msg = m[2]
		}
		addField(r.fields, place(name, line), fmt.Sprintf("The file can't be read as YAML: %s. Look at the indentation and the quotes here and in the line above.", msg))
		return
	}
	if len(doc.Content) == 0 {
		addField(r.fields, name, "The file is empty; fill it in or delete it.")
		return
	}
	r.docs[name] = doc.Content[0]
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(dst)
	if bad, ok := errors.AsType[*yaml.TypeError](err); ok {
		r.partly[name] = true
		for _, msg := range bad.Errors {
			line, sentence := explain(msg)
			addField(r.fields, place(name, line), sentence)
			if strings.Contains(msg, twiceMark) {
				r.docs[name] = nil // the decoder passed over everything beside that key
			}
		}
		return
	}
	if err != nil {
		addField(r.fields, name, fmt.Sprintf("The file can't be read: %v.", err))
		return
	}
	for _, n := range fractions(r.docs[name], reflect.TypeOf(dst)) {
		addField(r.fields, place(name, n.Line), fmt.Sprintf("`%s` stands where a whole number belongs.", n.Value))
	}
	var rest yaml.Node
	if err := dec.Decode(&rest); !errors.Is(err, io.EOF) {
		addField(r.fields, name, "The file has more than one YAML document; remove the line --- and what follows it.")
	}
}

// broken reports whether a file is missing or could not be read at all, so
// that complaints about its contents would be noise.
func (r *reader) broken(file string) bool {
	if _, ok := r.files[file]; !ok {
		return r.fields[file] != "" || r.skipped[file]
	}
	return strings.HasSuffix(file, ".yaml") && r.docs[file] == nil
}

// strays notes files that belong to nothing, since they would silently be lost.
func (r *reader) strays() {
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		if r.used[name] || r.broken(rootFile) || r.partly[rootFile] {
			continue
		}
		dir, base := path.Split(name)
		folder := strings.TrimSuffix(dir, "/")
		slug, _, _ := strings.Cut(name, "/")
		category := slug + "/" + categoryFile
		switch {
		case base == categoryFile && strings.Count(name, "/") == 1:
			addField(r.fields, name, fmt.Sprintf("%s does not list the category %q; add it there, or delete the folder.", rootFile, folder))
		case slug != name && !r.used[category]:
			if _, ok := r.files[category]; !ok {
				addField(r.fields, name, fmt.Sprintf("The file lies in the folder %q, which is no category; move or delete it.", slug))
			}
		case r.broken(category):
		case folder == slug+"/"+schemaDir && (strings.HasSuffix(base, schemaExt) || strings.HasSuffix(base, viewExt)):
			if r.partly[category] {
				continue // its list of schemas may be what could not be read
			}
			addField(r.fields, name, fmt.Sprintf("%s does not list this schema; add it under \"schemas\", or delete the file.", category))
		default:
			known := []string{categoryFile, promptFile, guidelineFile, checklistFile}
			if !strings.Contains(name, "/") {
				known = []string{rootFile}
			}
			addField(r.fields, name, fmt.Sprintf("A catalog has no file of this name%s. Rename or delete it.", choices("; those here are", known, base)))
		}
	}
}

// home returns the file that holds the value at a path of the catalog, and the
// path within that file.
func (r *reader) home(c *Catalog, p []any) (file string, rest []any) {
	if len(p) < 3 || p[0] != "categories" {
		return rootFile, p
	}
	i := p[1].(int)
	slug, rest := c.Categories[i].Slug, p[2:]
	switch rest[0] {
	case "slug":
		return rootFile, p[:2]
	case "system_prompt":
		return slug + "/" + promptFile, nil
	case "guidelines":
		return slug + "/" + guidelineFile, nil
	case "checklist":
		return slug + "/" + checklistFile, rest[1:]
	case "schemas":
		if len(rest) < 3 || rest[2] != "json" && rest[2] != "view" {
			break
		}
		name := slug + "/" + schemaDir + "/" + c.Categories[i].Schemas[rest[1].(int)].Name
		if rest[2] == "json" {
			return name + schemaExt, nil
		}
		return name + viewExt, rest[3:]
	}
	return slug + "/" + categoryFile, rest
}

// where returns "file:line" for the deepest part of a path that the file has.
func (r *reader) where(file string, p []any) string {
	n := r.docs[file]
	if n == nil {
		return file
	}
	line := n.Line
	for _, step := range p {
		n = child(n, step)
		if n == nil {
			break
		}
		line = n.Line
	}
	return place(file, line)
}

// child returns the node for one step of a path, or nil.
func child(n *yaml.Node, step any) *yaml.Node {
	switch s := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && s < len(n.Content) {
			return n.Content[s]
		}
	case string:
		if n.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == s {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// place names a line of a file, or the file where the line is not known.
func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// fractions returns the numbers that are not whole where the type that t points
// to has an int. The decoder would cut them off without a word.
func fractions(n *yaml.Node, t reflect.Type) []*yaml.Node {
	var found []*yaml.Node
	switch t.Kind() {
	case reflect.Pointer:
		return fractions(n, t.Elem())
	case reflect.Int:
		if n.ShortTag() == "!!float" {
			return []*yaml.Node{n}
		}
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return nil
		}
		for _, item := range n.Content {
			found = append(found, fractions(item, t.Elem())...)
		}
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if value := child(n, name); value != nil {
				found = append(found, fractions(value, f.Type)...)
			}
		}
	}
	return found
}

// twiceMark is in the decoder's complaint about a key that stands twice.
const twiceMark = "already defined at line"

// How the YAML decoder words its complaints.
var (
	linePattern    = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	unknownPattern = regexp.MustCompile(`^field (.*) not found in type (\S+)$`)
	twicePattern   = regexp.MustCompile(`^mapping key (.*) already defined at line (\d+)$`)
	typePattern    = regexp.MustCompile("(?s)^cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
)

// fileTypes are the types that stand in files, by the name that the YAML
// decoder gives them, for a list of the keys they know.
var fileTypes = func() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, v := range []any{rootYAML{}, Platform{}, Category{}, Target{}, Subcategory{}, Band{}, Dimension{}, DimensionValue{}, Answer{}, RejectReason{}, ChecklistItem{}, Check{}, Schema{}, Hint{}} {
		t := reflect.TypeOf(v)
		m[t.String()] = t
	}
	return m
}()

// explain turns a complaint of the YAML decoder into a line and a sentence
// with the cure.
func explain(complaint string) (line int, sentence string) {
	if m := linePattern.FindStringSubmatch(complaint); m != nil {
		line, _ = strconv.Atoi(m[1])
		complaint = m[2]
	}
	if m := unknownPattern.FindStringSubmatch(complaint); m != nil {
		if m[1] == "slug" && m[2] == reflect.TypeOf(Category{}).String() {
			return line, "The folder's name is the category's slug; remove this line."
		}
		var known []string
		if t, ok := fileTypes[m[2]]; ok {
			for f := range t.Fields() {
				if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "-" {
					known = append(known, name)
				}
			}
		}
		return line, fmt.Sprintf("%q is not a key here%s.", m[1], choices("; the keys are", known, m[1]))
	}
	if m := twicePattern.FindStringSubmatch(complaint); m != nil {
		return line, fmt.Sprintf("The key %s stands here and in line %s; keep one.", m[1], m[2])
	}
	if m := typePattern.FindStringSubmatch(complaint); m != nil {
		found := "`" + m[2] + "`"
		switch m[1] {
		case "!!seq":
			found = "A list"
		case "!!map":
			found = "A group of keys"
		}
		return line, fmt.Sprintf("%s stands where %s belongs.", found, kindWords(m[3]))
	}
	return line, complaint
}

// kindWords names a Go type for people who write YAML.
func kindWords(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case goType == "int":
		return "a whole number"
	case goType == "float64":
		return "a number"
	case goType == "bool":
		return "true or false"
	case goType == "string":
		return "text"
	}
	return "a group of keys"
}
