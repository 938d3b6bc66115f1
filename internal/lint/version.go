package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/voicefit/spotter/internal/catalog"
)

// edition is raised when a rule finds something else than before without its
// definition showing it, so that stored examples are checked again.
const edition = 1

// Version names what the rules of this program find: two programs with the same
// version and the same catalog find the same.
func Version() string { return digest(Rules(), edition) }

// Fingerprint names the rules together with what they may read in c, which is
// all but prices, targets and texts for people: while it stays the same, so does
// what is found.
func Fingerprint(c *catalog.Catalog) string {
	var read catalog.Catalog
	for _, p := range c.Platforms {
		read.Platforms = append(read.Platforms, catalog.Platform{Slug: p.Slug, Name: p.Name, MaxTokens: p.MaxTokens})
	}
	for _, cat := range c.Categories {
		cat.Description, cat.Guidelines, cat.Priority, cat.Target, cat.Approvals = "", "", "", catalog.Target{}, 0
		cat.RejectReasons, cat.Checklist = nil, nil
		read.Categories = append(read.Categories, cat)
	}
	return Version() + "-" + digest(read, Version())
}

// digest is a short hash of plain data.
func digest(data ...any) string {
	b, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("lint: hash %T: %v", data, err)) // rules and catalogs are plain data
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
