package ui

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/demo"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/web/templates"
)

// Demo fills a workspace with demo examples and takes them away again.
type Demo interface {
	Add(ctx context.Context, by audit.Actor) error
	Remove(ctx context.Context, by audit.Actor) (demo.Removal, error)
}

// demoCount is for the banner. A page is worth more than its banner, so an
// error is logged and there is none.
func (s *Server) demoCount(ctx context.Context) int64 {
	n, err := s.figures.DemoExamples(ctx)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "count demo examples", slog.Any("error", err))
		return 0
	}
	return n
}

var errNoDemo = fault.New(fault.NotFound, "This server has no demo data.")

// addDemo handles POST /demo.
func (s *Server) addDemo(w http.ResponseWriter, r *http.Request) error {
	if s.demo == nil {
		return errNoDemo
	}
	u, _ := userOf(r.Context())
	if err := s.demo.Add(r.Context(), u.Actor()); err != nil {
		return err
	}
	if err := s.flash(w, r, templates.FlashSuccess, "The demo examples are in. Look around, nothing can break."); err != nil {
		return err
	}
	redirect(w, r, "/")
	return nil
}

// removeDemo handles POST /demo/remove.
func (s *Server) removeDemo(w http.ResponseWriter, r *http.Request) error {
	if s.demo == nil {
		return errNoDemo
	}
	u, _ := userOf(r.Context())
	gone, err := s.demo.Remove(r.Context(), u.Actor())
	if err != nil {
		return err
	}
	text := "There were no demo examples left."
	if gone.Examples > 0 {
		text = counted(gone.Examples, "demo example was", "demo examples were") + " removed, with everything decided on them. Your own data was not touched."
	}
	if len(gone.Again) > 0 {
		text += " Import again: " + strings.Join(gone.Again, ", ") + ". Some of their rows said the same as demo examples and had not been taken in."
	}
	if err := s.flash(w, r, templates.FlashSuccess, text); err != nil {
		return err
	}
	redirect(w, r, "/")
	return nil
}
