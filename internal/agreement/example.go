package agreement

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// MaxLimit bounds a page of examples.
const MaxLimit = 200

// Any stands for every choice.
const Any Choice = -1

// A Selection says which of the compared examples to list: what a number of the
// figures counts.
type Selection struct {
	Filter
	First, Second             uuid.UUID // uuid.Nil: anybody
	FirstChoice, SecondChoice Choice    // Any, or one
	Differ                    bool      // only where one approved and the other rejected
}

// A Comparison is one example, at one revision, that two people judged.
type Comparison struct {
	ExampleID                 uuid.UUID
	Revision                  int
	Category, Subcategory     string
	First, Second             Person
	FirstChoice, SecondChoice Choice
	FirstReason, SecondReason string
	At                        time.Time // of the later verdict
}

// Examples lists what sel selects, at most limit from after the cursor; an empty
// cursor is the beginning. next is empty where there is nothing more. It fails with
// fault.Invalid for a limit or cursor that makes no sense.
func (s *Service) Examples(ctx context.Context, sel Selection, cursor string, limit int) (list []Comparison, next string, err error) {
	if limit < 1 || limit > MaxLimit {
		return nil, "", fault.New(fault.Invalid, "Ask for between 1 and %d examples.", MaxLimit)
	}
	p := db.AgreementExamplesParams{
		DatasetID: s.dataset, Since: sel.Since, Category: sel.Category, FirstChoice: int32(sel.FirstChoice), SecondChoice: int32(sel.SecondChoice),
		Differ: sel.Differ, MaxRows: int32(limit + 1),
	}
	if sel.First != uuid.Nil {
		p.FirstID = &sel.First
	}
	if sel.Second != uuid.Nil {
		p.SecondID = &sel.Second
	}
	if cursor != "" {
		if err := parseCursor(cursor, &p); err != nil {
			return nil, "", err
		}
	}
	rows, err := db.New(s.db).AgreementExamples(ctx, p)
	if err != nil {
		return nil, "", fmt.Errorf("list compared examples: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = newCursor(rows[limit-1])
	}
	for _, r := range rows {
		list = append(list, Comparison{
			ExampleID: r.ExampleID, Revision: int(r.Revision), Category: r.Category, Subcategory: r.Subcategory,
			First: Person{r.FirstID, r.FirstName}, Second: Person{r.SecondID, r.SecondName},
			FirstChoice: Choice(r.FirstChoice), SecondChoice: Choice(r.SecondChoice),
			FirstReason: r.FirstReason, SecondReason: r.SecondReason, At: r.At,
		})
	}
	return list, next, nil
}

// cursorBytes is the size of a cursor: three ids and a revision.
const cursorBytes = 3*16 + 4

func newCursor(r db.AgreementExamplesRow) string {
	b := make([]byte, 0, cursorBytes)
	b = append(b, r.ExampleID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Revision))
	b = append(b, r.FirstID[:]...)
	b = append(b, r.SecondID[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(text string, p *db.AgreementExamplesParams) error {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != cursorBytes {
		return fault.Fields("There is no such page.", map[string]string{"after": "Start again from the first page."})
	}
	copy(p.After[:], b)
	p.AfterRevision = int32(binary.BigEndian.Uint32(b[16:]))
	copy(p.AfterFirst[:], b[20:])
	copy(p.AfterSecond[:], b[36:])
	return nil
}
