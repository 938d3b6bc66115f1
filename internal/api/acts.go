package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/fault"
)

// actFilter are the parts of a filter by the names that GET /examples gives them, each
// a text or a number.
type actFilter map[string]json.RawMessage

func (f actFilter) parse() (*browse.Filter, error) {
	given := map[string]string{}
	for name, raw := range f {
		if !slices.Contains(browse.FilterNames, name) {
			return nil, fault.Fields("There is no such filter.", map[string]string{"filter": fmt.Sprintf("Use %s; %q is none of them.", strings.Join(browse.FilterNames, ", "), name)})
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw) // a number, as it is written
		}
		given[name] = text
	}
	parsed, err := browse.ParseFilter(func(name string) string { return given[name] })
	return &parsed, err
}

type newActJSON struct {
	Kind       string          `json:"kind"`
	Examples   []uuid.UUID     `json:"examples,omitempty"`
	Filter     *actFilter      `json:"filter,omitempty"`
	Parameters bulk.Parameters `json:"parameters"`
	Preview    bool            `json:"preview,omitempty"`
}

type actLineJSON struct {
	Outcome  string `json:"outcome"`
	Result   string `json:"result,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Examples int    `json:"examples"`
}

type actJSON struct {
	ID        uuid.UUID     `json:"id"`
	Kind      string        `json:"kind"`
	State     string        `json:"state"`
	Total     int           `json:"total"`
	Changed   int           `json:"changed"`
	Stayed    int           `json:"stayed"`
	Reversed  int           `json:"reversed"`
	Kept      int           `json:"kept"`
	Tried     int           `json:"tried"`             // of a preview: examples tried out one by one
	Counted   int           `json:"counted,omitempty"` // of one of a big act: examples that the lines count
	Lines     []actLineJSON `json:"lines"`
	Error     string        `json:"error,omitempty"`
	CreatedAt time.Time     `json:"created_at"`
}

func actShape(a bulk.Act, lines []bulk.Line) actJSON {
	v := actJSON{
		ID: a.ID, Kind: string(a.Kind), State: string(a.State), Total: a.Total, Changed: a.Changed, Stayed: a.Stayed,
		Reversed: a.Reversed, Kept: a.Kept, Lines: []actLineJSON{}, Error: a.Error, CreatedAt: a.CreatedAt,
	}
	if a.State == bulk.Draft && a.Forecast != nil {
		v.Tried, v.Counted, lines = a.Forecast.Tried, a.Forecast.Counted, a.Forecast.Lines
	}
	for _, l := range lines {
		v.Lines = append(v.Lines, actLineJSON(l))
	}
	return v
}

// createAct drafts an act, tries it out and, unless only a preview is asked for,
// starts it.
func (s *Server) createAct(w http.ResponseWriter, r *http.Request, u account.User) error {
	if s.cfg.Acts == nil {
		return fault.New(fault.NotFound, "There are no acts on this server.")
	}
	var in newActJSON
	if err := read(r, &in); err != nil {
		return err
	}
	sel := bulk.Selection{Picked: in.Examples}
	if f := in.Filter; f != nil {
		if len(in.Examples) > 0 {
			return fault.Fields("The act is not clear.", map[string]string{"filter": "Give examples or a filter, not both."})
		}
		var err error
		if sel.Filter, err = f.parse(); err != nil {
			return err
		}
	}
	ctx := r.Context()
	a, err := s.cfg.Acts.Draft(ctx, u.Actor(), bulk.Kind(in.Kind), sel)
	if err != nil {
		return err
	}
	if a, err = s.cfg.Acts.Prepare(ctx, u.Actor(), a.ID, in.Parameters); err != nil {
		return err
	}
	if in.Preview {
		return write(w, http.StatusOK, actShape(a, nil))
	}
	if err := s.cfg.Acts.Start(ctx, u.Actor(), a.ID); err != nil {
		return err
	}
	if a, err = s.cfg.Acts.Get(ctx, a.ID); err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/acts/"+a.ID.String())
	return write(w, http.StatusAccepted, actShape(a, nil))
}

// showAct says how far an act is. A draft is its author's.
func (s *Server) showAct(w http.ResponseWriter, r *http.Request, u account.User) error {
	id, err := pathID(r, "act")
	if err != nil {
		return err
	}
	if s.cfg.Acts == nil {
		return fault.New(fault.NotFound, "There are no acts on this server.")
	}
	a, err := s.cfg.Acts.Get(r.Context(), id)
	if err != nil {
		return err
	}
	if a.State == bulk.Draft && a.AuthorID != u.ID {
		return fault.New(fault.NotFound, "There is no act %s.", id)
	}
	lines, err := s.cfg.Acts.Tally(r.Context(), id)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, actShape(a, lines))
}
