package release

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/report"
)

// The names of the reports, without their endings.
const (
	validationName   = "validation_report"
	distributionName = "distribution_report"
)

// Scope is what a release holds, for package report: its rows in their order, at
// the moment in which it was frozen, next to the release that it supersedes.
func (s *Service) Scope(ctx context.Context, r Release) (report.Scope, error) {
	sc := report.Scope{
		Release: r.Name, At: *r.FrozenAt, Version: r.CatalogVersion,
		Refs: func(ctx context.Context, yield func([]report.Ref) error) error {
			refs := make([]report.Ref, 0, chunk)
			for after := int32(0); ; {
				rows, err := db.New(s.cfg.DB).ReleaseItems(ctx, db.ReleaseItemsParams{DatasetID: s.cfg.Dataset, ReleaseID: r.ID, After: after, MaxRows: chunk})
				if err != nil || len(rows) == 0 {
					return err
				}
				refs = refs[:0]
				for _, x := range rows {
					after = x.Position
					refs = append(refs, report.Ref{Example: x.ExampleID, Revision: int(x.Revision), Split: x.Split})
				}
				if err := yield(refs); err != nil || len(rows) < chunk {
					return err
				}
			}
		},
	}
	presets := make([]export.Preset, len(r.Spec.Presets))
	for i, name := range r.Spec.Presets {
		presets[i] = export.Preset(name)
	}
	sc.Checks = formatChecks(presets)
	var err error
	if s.cfg.CatalogAt != nil {
		if sc.Catalog, err = s.cfg.CatalogAt(ctx, r.CatalogVersion); err != nil {
			return sc, fmt.Errorf("read catalog version %d: %w", r.CatalogVersion, err)
		}
	}
	if r.Supersedes != nil {
		if sc.Before, err = s.before(ctx, *r.Supersedes); err != nil {
			return sc, err
		}
	}
	return sc, nil
}

// FormatChecks hold the rows of a report that is not of a release against the rules
// of every training platform. They are used once.
func FormatChecks() *report.FormatChecks {
	var presets []export.Preset
	for _, p := range export.Presets() {
		if p.Describe().Group == export.Platforms {
			presets = append(presets, p)
		}
	}
	return formatChecks(presets)
}

// formatChecks hold rows against the rules of presets. Rows that are alike are not their
// business: the report has a part about them.
func formatChecks(presets []export.Preset) *report.FormatChecks {
	names, files, rows := make([]string, len(presets)), make([]*export.Validator, len(presets)), make([]int64, len(presets))
	for i, p := range presets {
		names[i], files[i] = string(p), p.NewChecker(nil).Alone().File("")
	}
	turn := func(problems []export.Problem) []report.FormatProblem {
		if len(problems) == 0 {
			return nil
		}
		out := make([]report.FormatProblem, len(problems))
		for i, x := range problems {
			out[i] = report.FormatProblem{Rule: x.Rule, Text: x.Text, Refused: x.Severity == export.Refused}
		}
		return out
	}
	return &report.FormatChecks{
		Presets: names,
		Read: func(messages, tools string, strict bool) any {
			return export.ReadLines(presets, export.Row{Messages: []byte(messages), Tools: []byte(tools), Strict: strict})
		},
		Row: func(i int, read any) []report.FormatProblem {
			lines, ok := read.([]export.ReadLine)
			if !ok {
				panic(fmt.Sprintf("release: a row was read as %T", read))
			}
			if why := lines[i].Refused(); why != nil {
				return []report.FormatProblem{{Rule: "preset/refused", Text: why.Error(), Refused: true}}
			}
			rows[i]++
			return turn(files[i].ReadLine(rows[i], lines[i]))
		},
		End: func(i int) []report.FormatProblem { return turn(files[i].Finish()) },
	}
}

// writeReports keeps the reports of a release.
func (w *run) writeReports(ctx context.Context, rel Release, noted map[string]File) error {
	s := w.s
	if s.cfg.Report == nil {
		return nil
	}
	formats := []report.Format{report.HTML, report.JSON, report.Markdown}
	keep := func(name string, write func(io.Writer, report.Format) error) error {
		for _, f := range formats {
			file := name + "." + string(f)
			if _, ok := noted[file]; ok {
				continue
			}
			if err := s.keepNow(ctx, rel.ID, file, func(b *bytes.Buffer) error { return write(b, f) }); err != nil {
				return fmt.Errorf("write %s: %w", file, err)
			}
		}
		return nil
	}
	sc, err := s.Scope(ctx, rel)
	if err != nil {
		return err
	}
	if err := w.at(ctx, "writing "+validationName, int(rel.Items)); err != nil {
		return err
	}
	v, err := s.cfg.Report.ValidationOf(ctx, sc)
	if err != nil {
		return err
	}
	if err := keep(validationName, v.Write); err != nil {
		return err
	}
	if sc, err = s.Scope(ctx, rel); err != nil { // its checks are used up
		return err
	}
	if err := w.at(ctx, "writing "+distributionName, int(rel.Items)); err != nil {
		return err
	}
	d, err := s.cfg.Report.Distribution(ctx, sc)
	if err != nil {
		return err
	}
	return keep(distributionName, d.Write)
}

// before reads the distribution report of another release; nil where it has none.
func (s *Service) before(ctx context.Context, id [16]byte) (*report.Distribution, error) {
	rel, err := s.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read the release before: %w", err)
	}
	noted, err := s.noted(ctx, id)
	if _, ok := noted[distributionName+".json"]; err != nil || !ok || rel.State != Built {
		return nil, err
	}
	f, _, err := s.Open(ctx, rel, distributionName+".json")
	if err != nil {
		return nil, fmt.Errorf("read the report of the release before: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	var d report.Distribution
	if err := json.NewDecoder(f).Decode(&d); err != nil {
		return nil, fmt.Errorf("read the report of the release before: %w", err)
	}
	return &d, nil
}
