package export

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Licence is what a part of a dataset may be used under, in the words of whoever
// brought it in; empty where nobody said.
type Licence struct {
	Licence string `json:"licence"`
	Rows    int64  `json:"rows"`
}

// hubLicences are the identifiers that the Hugging Face hub knows, from its page
// on the licences of repositories. Any other licence is "other" there.
var hubLicences = []string{
	"apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0",
	"artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0",
	"cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0",
	"cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0",
	"epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc", "lppl-1.3c",
	"ms-pl", "mpl-2.0", "odc-by", "odbl", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl", "lgpl-lr", "llama2", "gemma",
}

// hubNames are other spellings of some of them, as tidied by hubLicence.
var hubNames = map[string]string{
	"apache": "apache-2.0", "apache-2": "apache-2.0", "cc0": "cc0-1.0", "cc-zero": "cc0-1.0",
	"gpl-3.0-only": "gpl-3.0", "gpl-3.0-or-later": "gpl-3.0", "agpl-3.0-only": "agpl-3.0", "agpl-3.0-or-later": "agpl-3.0", "odc-by-1.0": "odc-by", "odbl-1.0": "odbl",
}

// otherLicence is what the hub calls a licence that it has no identifier for.
const otherLicence = "other"

var (
	licenceWords = regexp.MustCompile(`\b(the|licen[cs]es?|version|international|unported)\b`)
	licenceGaps  = regexp.MustCompile(`[\s_-]+`)
	licenceParts = strings.NewReplacer(",", " ", "creative commons", "cc", "attribution", "by", "non-commercial", "nc", "noncommercial", "nc",
		"share-alike", "sa", "sharealike", "sa", "no-derivatives", "nd", "noderivatives", "nd")
)

// hubLicence is the identifier of a licence as people write it, such as "CC BY
// 4.0" or "Apache License, Version 2.0"; "other" where the hub has none.
func hubLicence(text string) string {
	id := licenceWords.ReplaceAllString(licenceParts.Replace(strings.ToLower(text)), " ")
	id = strings.Trim(licenceGaps.ReplaceAllString(strings.TrimSpace(id), "-"), "-")
	if name, ok := hubNames[id]; ok {
		id = name
	}
	if slices.Contains(hubLicences, id) {
		return id
	}
	return otherLicence
}

// hubLicences are the identifiers of all licences of the set, each once, in the
// order of the alphabet with "other" last.
func (s Set) hubLicences() []string {
	var ids []string
	for _, l := range s.Licences {
		if id := hubLicence(l.Licence); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		if (a == otherLicence) != (b == otherLicence) {
			if a == otherLicence {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return ids
}

// licenceYAML is what the front of a card says about licences. One that the hub
// knows is its identifier; several are a list, as the hub has them; what it has no
// identifier for is "other", with the words of whoever brought the data in.
func (s Set) licenceYAML() string {
	ids := s.hubLicences()
	switch {
	case len(ids) == 0:
		return "license: other\nlicense_name: not-published\n"
	case len(ids) == 1 && ids[0] != otherLicence:
		return "license: " + ids[0] + "\n"
	}
	var b strings.Builder
	if len(ids) == 1 {
		b.WriteString("license: other\n")
	} else {
		b.WriteString("license:\n")
		for _, id := range ids {
			b.WriteString("- " + id + "\n")
		}
	}
	if len(s.Licences) == 1 {
		name := slug(s.Licences[0].Licence)
		if s.Licences[0].Licence == "" {
			name = "not-published"
		}
		fmt.Fprintf(&b, "license_name: %s\n", yamlString(name))
	}
	if slices.ContainsFunc(s.Licences, func(l Licence) bool { return l.Licence != "" }) {
		var parts []string
		for _, l := range s.Licences {
			rows := "rows"
			if l.Rows == 1 {
				rows = "row"
			}
			parts = append(parts, fmt.Sprintf("%s: %d %s", l.words(), l.Rows, rows))
		}
		fmt.Fprintf(&b, "license_details: %s\n", yamlString(strings.Join(parts, "; ")))
	}
	return b.String()
}

// words name the licence for people.
func (l Licence) words() string {
	if l.Licence == "" {
		return "not stated"
	}
	return strings.Join(strings.Fields(l.Licence), " ")
}

// licenceTable tells the reader of a card which rows came in under what; empty
// where nobody said anything.
func (s Set) licenceTable() string {
	if len(s.Licences) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| Licence, as its source states it | Rows |\n| --- | --- |\n")
	for _, l := range s.Licences {
		fmt.Fprintf(&b, "| %s | %d |\n", strings.ReplaceAll(comment(Set{Title: l.words()}), "|", "\\|"), l.Rows)
	}
	return b.String() + "\n"
}

// croissantLicence is one text or several, as schema.org has it.
func (s Set) croissantLicence() any {
	var all []string
	for _, l := range s.Licences {
		words := l.words()
		if id := hubLicence(l.Licence); id != otherLicence {
			words = id
		}
		if !slices.Contains(all, words) {
			all = append(all, words)
		}
	}
	switch len(all) {
	case 0:
		return "not published"
	case 1:
		return all[0]
	}
	return all
}
