package report

import (
	"context"
	"fmt"
	"io"

	"github.com/voicefit/spotter/internal/fault"
)

// A Kind is one of the reports there are.
type Kind string

// The kinds of reports.
const (
	ValidationKind   Kind = "validation"
	DistributionKind Kind = "distribution"
)

// ParseKind returns the kind of that name; any other is fault.Invalid.
func ParseKind(name string) (Kind, error) {
	switch k := Kind(name); k {
	case ValidationKind, DistributionKind:
		return k, nil
	}
	return "", fault.New(fault.Invalid, "There is no report of the kind %q. Use validation or distribution.", name)
}

// File is what a report of this kind is called, such as validation_report.html.
func (k Kind) File(f Format) string { return string(k) + "_report." + string(f) }

// A Report is one that was made: Validation or Distribution.
type Report interface {
	Write(w io.Writer, f Format) error
}

// maxAtOnce is how many reports one process makes at the same time; others wait.
// Each reads every example of its scope and keeps a processor busy.
const maxAtOnce = 2

// Make makes the report of a scope. It waits while too many others are being made.
func (s *Service) Make(ctx context.Context, kind Kind, sc Scope) (Report, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to make a report: %w", ctx.Err())
	}
	switch kind {
	case ValidationKind:
		return s.ValidationOf(ctx, sc)
	case DistributionKind:
		return s.Distribution(ctx, sc)
	}
	return nil, fault.New(fault.Invalid, "There is no report of the kind %q. Use validation or distribution.", kind)
}
