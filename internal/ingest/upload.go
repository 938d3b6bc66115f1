package ingest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/decode"
	"github.com/voicefit/spotter/internal/fault"
)

// A Channel is the way by which a file came.
type Channel string

// The channels.
const (
	ChannelPage    Channel = "page"
	ChannelCommand Channel = "command"
	ChannelAPI     Channel = "api"
	ChannelDemo    Channel = "demo"
)

// An Upload says what is known of a file besides its bytes.
type Upload struct {
	Name      string // as the sender spells it: it is made safe here, and shown
	MediaType string
	Licence   string
	Channel   Channel
	Demo      bool // demonstration data, which can be removed again
	By        audit.Actor
	// Bytes is how long the file is, where that is known beforehand; a file
	// that turns out otherwise changed while it was read. 0: not known.
	Bytes int64
	Options
}

// Options are what a person says about the rows of a file. The zero value lets
// the data speak for itself.
type Options struct {
	Format      decode.Format   `json:"format,omitempty"`   // empty or decode.Auto: look at the data
	Category    string          `json:"category,omitempty"` // slug or alias; wins over what rows say
	Subcategory string          `json:"subcategory,omitempty"`
	Mapping     *decode.Mapping `json:"mapping,omitempty"` // which fields mean what; implies decode.Mapped
}

// resolve checks o against the catalog and replaces aliases by slugs.
func (o Options) resolve(cat *catalog.Catalog) (Options, error) {
	format, err := decode.ParseFormat(string(o.Format))
	if err != nil {
		return o, err
	}
	if o.Format = format; format == decode.Auto && o.Mapping != nil {
		o.Format = decode.Mapped
	}
	if o.Category == "" {
		if o.Subcategory != "" {
			return o, fault.Fields("Name the category of the subcategory too.", map[string]string{"category": "Choose one of: " + strings.Join(cat.Slugs(), ", ") + "."})
		}
		return o, nil
	}
	c, ok := cat.Category(o.Category)
	if !ok {
		msg := noSuchCategory(o.Category, cat)
		return o, fault.Fields(msg, map[string]string{"category": msg})
	}
	o.Category = c.Slug
	if o.Subcategory == "" {
		return o, nil
	}
	sub, ok := c.Subcategory(o.Subcategory)
	if !ok {
		slugs := make([]string, len(c.Subcategories))
		for i, sub := range c.Subcategories {
			slugs[i] = sub.Slug
		}
		msg := "The category " + c.Slug + " has no subcategory " + quote(o.Subcategory) + "; it has: " + strings.Join(slugs, ", ") + "."
		return o, fault.Fields(msg, map[string]string{"subcategory": msg})
	}
	o.Subcategory = sub.Slug
	return o, nil
}

func noSuchCategory(name string, cat *catalog.Catalog) string {
	return "There is no category " + quote(name) + "; there are: " + strings.Join(cat.Slugs(), ", ") + "."
}

// quote shows a word of a file in a sentence, shortened and without anything
// that could break the line.
func quote(s string) string { return "“" + printable(s, 60) + "”" }

const (
	maxNameLetters = 200
	keptEnd        = 20 // of a long name, so that its ending stays
)

// displayName is the last part of a path in either spelling, without what can't
// be printed, cut in the middle where it is long.
func displayName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(printable(name, 1<<20))
	if letters := []rune(name); len(letters) > maxNameLetters {
		name = string(letters[:maxNameLetters-keptEnd-1]) + "…" + string(letters[len(letters)-keptEnd:])
	}
	if strings.Trim(name, ".") == "" {
		return "unnamed"
	}
	return name
}

// printable replaces control and other characters that do not print, those
// that turn the direction of writing included, and invalid UTF-8, and cuts
// after so many letters.
func printable(s string, letters int) string {
	var b strings.Builder
	for _, r := range s {
		if letters == 0 {
			b.WriteRune('…')
			break
		}
		letters--
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}
