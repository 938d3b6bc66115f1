package release

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/stat"
)

// LineSamples says whether the rows come from batches that passed a random sample.
const LineSamples = "samples"

// A sampled batch is one on which people gave a verdict by a random sample of it.
type sampledBatch struct {
	source                uuid.UUID // or
	category, subcategory string    // the subcategory empty: any
	accepted              bool
	words                 string
}

// has reports whether the batch holds an item.
func (b sampledBatch) has(sel *selection, it *item) bool {
	if b.source != uuid.Nil {
		return sel.sources[it.source].id == b.source
	}
	sh := sel.shelves[it.shelf]
	return b.category != "" && sh.category == b.category && (b.subcategory == "" || sh.subcategory == b.subcategory)
}

// readSamples reads the verdicts on batches: of each batch the last one counts.
// Batches by what rows said of themselves are left out: which rows those are is not
// known here.
func (s *Service) readSamples(ctx context.Context, sel *selection) error {
	rows, err := db.New(s.cfg.DB).ReleaseSamples(ctx, s.cfg.Dataset)
	if err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	seen := map[string]bool{}
	for _, r := range rows { // the newest verdict first
		b := sampledBatch{accepted: r.State == "accepted"}
		switch r.Batch {
		case "import":
			if r.SourceID == nil {
				continue
			}
			b.source = *r.SourceID
		case "source":
			if b.source, err = uuid.Parse(r.Key); err != nil {
				continue // of an older kind: nothing to go by
			}
		case "category":
			b.category, b.subcategory, _ = strings.Cut(r.Key, "/")
		default:
			continue
		}
		key := b.source.String() + "/" + b.category + "/" + b.subcategory
		if seen[key] {
			continue
		}
		seen[key] = true
		b.words = fmt.Sprintf("%s: %d of %d looked at were bad, so with 95 %% confidence at most %.1f %% are", r.Name, r.Defects, r.Reviewed, 100*stat.AtMost(int(r.Defects), int(r.Reviewed), 0.95))
		sel.samples = append(sel.samples, b)
	}
	return nil
}

// sampled holds the rows against the verdicts on their batches. A batch that was
// rejected holds the release; rows that nobody sampled tell that there is more to do.
func (sel *selection) sampled() Line {
	var rejected, none tally
	used := map[int]bool{}
	for i := range sel.items {
		it := &sel.items[i]
		good, bad := false, false
		for k, b := range sel.samples {
			if b.has(sel, it) {
				used[k] = true
				good, bad = good || b.accepted, bad || !b.accepted
			}
		}
		switch {
		case bad:
			rejected.add(it.id)
		case !good:
			none.add(it.id)
		}
	}
	var said []string
	for k, b := range sel.samples {
		if used[k] && len(said) < 5 {
			said = append(said, b.words)
		}
	}
	words := strings.ReplaceAll(strings.Join(said, "; "), "%", "%%")
	if words != "" {
		words = " " + words + "."
	}
	if rejected.rows > 0 {
		return rejected.line(LineSamples, "Sampled by hand", true, "", "%s are of a batch that a random sample rejected."+words,
			"Send the batch back or mend it, and draw a new sample of it on the page of samples.")
	}
	return none.line(LineSamples, "Sampled by hand", false, "Every row is of a batch that passed a random sample."+strings.ReplaceAll(words, "%%", "%"),
		"%s are of no batch that passed a random sample."+words, "Draw a sample of the import or category on the page of samples, and have it reviewed.")
}
