package ui

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
)

// exportRows is how many entries of the record an export reads at once.
const exportRows = 500

// A recordLine is one entry of the record in a JSON Lines export.
type recordLine struct {
	ID      uuid.UUID       `json:"id"`
	At      time.Time       `json:"at"`
	ActorID *uuid.UUID      `json:"actor_id"`
	Actor   string          `json:"actor"`
	Action  string          `json:"action"`
	Object  string          `json:"object"`
	Detail  json.RawMessage `json:"detail"`
	Seq     int64           `json:"seq"` // its place in the chain; 0: not sealed yet
}

// A recordWriter writes entries of the record in one form.
type recordWriter struct {
	begin func() error
	entry func(audit.Record) error
}

// recordJSONL handles GET /audit.jsonl.
func (s *Server) recordJSONL(w http.ResponseWriter, r *http.Request) error {
	return s.exportRecord(w, r, "jsonl", func(out io.Writer) recordWriter {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return recordWriter{begin: func() error { return nil }, entry: func(rec audit.Record) error {
			line := recordLine{ID: rec.ID, At: rec.At, Actor: rec.Actor.Name, Action: rec.Action, Object: rec.Object, Detail: rec.Detail, Seq: rec.Seq}
			if rec.Actor.ID != uuid.Nil {
				line.ActorID = &rec.Actor.ID
			}
			return enc.Encode(line)
		}}
	})
}

// recordCSV handles GET /audit.csv.
func (s *Server) recordCSV(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	return s.exportRecord(w, r, "csv", func(out io.Writer) recordWriter {
		c := csv.NewWriter(out)
		write := func(cells ...string) error {
			for i, cell := range cells {
				cells[i] = unformula(cell)
			}
			if err := c.Write(cells); err != nil {
				return err
			}
			c.Flush()
			return c.Error()
		}
		return recordWriter{
			begin: func() error { return write("time", "who", "person", "what", "to what", "details", "seal", "entry") },
			entry: func(rec audit.Record) error {
				person, seal := "", ""
				if rec.Actor.ID != uuid.Nil {
					person = rec.Actor.ID.String()
				}
				if rec.Seq > 0 {
					seal = strconv.FormatInt(rec.Seq, 10)
				}
				return write(rec.At.Format(time.RFC3339Nano), rec.Actor.Name, person, rec.Action, rec.Object, string(rec.Detail), seal, rec.ID.String())
			},
		}
	})
}

// unformula keeps a spreadsheet from running what a cell says: names and details
// are typed by people.
func unformula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// exportRecord streams all entries that the filter of the address chooses, newest
// first, page by page: it holds one page in memory and no transaction.
func (s *Server) exportRecord(w http.ResponseWriter, r *http.Request, kind string, writer func(io.Writer) recordWriter) error {
	f, wrong := recordFilter(r.URL.Query())
	if len(wrong) > 0 {
		w.Header().Del("Content-Type")
		return fault.New(fault.Invalid, "The record was not exported: one of the filters makes no sense. Go back and correct it.")
	}
	f.Limit = exportRows
	out := attachment(w, "record-"+s.now().UTC().Format(dateLayout)+"."+kind)
	if r.Method == http.MethodHead {
		out.begin()
		return nil
	}
	write, first := writer(out), true
	for {
		records, next, err := s.record(r.Context(), f)
		if err == nil && first {
			first, err = false, write.begin()
		}
		for i := 0; i < len(records) && err == nil; i++ {
			err = write.entry(records[i])
		}
		if err != nil || next == "" {
			if !out.begun {
				w.Header().Del("Content-Type")
			}
			return out.end(err)
		}
		f.After = next
	}
}
