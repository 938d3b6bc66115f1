package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/bulk"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/lint"
)

type actFilterJSON struct {
	Category    string `json:"category,omitempty"`
	Subcategory string `json:"subcategory,omitempty"`
	Status      string `json:"status,omitempty"`
	Rule        string `json:"rule,omitempty"`
	Severity    string `json:"severity,omitempty"`
	Source      string `json:"source,omitempty"`
	Tag         string `json:"tag,omitempty"`
	Text        string `json:"q,omitempty"`
	Reviewer    string `json:"reviewer,omitempty"`
	Verdict     string `json:"verdict,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Since       string `json:"since,omitempty"`
	Until       string `json:"until,omitempty"`
	MinTokens   int    `json:"min_tokens,omitempty"`
	MaxTokens   int    `json:"max_tokens,omitempty"`
}

type newActJSON struct {
	Kind       string          `json:"kind"`
	Examples   []uuid.UUID     `json:"examples,omitempty"`
	Filter     *actFilterJSON  `json:"filter,omitempty"`
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
	Tried     int           `json:"tried"` // of a preview
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
		v.Tried, lines = a.Forecast.Tried, a.Forecast.Lines
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
		sel.Filter = &browse.Filter{
			Category: f.Category, Subcategory: f.Subcategory, Status: example.Status(f.Status), Rule: f.Rule,
			Severity: lint.Severity(f.Severity), Source: f.Source, Tag: f.Tag, Text: f.Text,
			Word: browse.Word{Reviewer: f.Reviewer, Verdict: f.Verdict, Reason: f.Reason, Since: f.Since, Until: f.Until}, MinTokens: f.MinTokens, MaxTokens: f.MaxTokens,
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
