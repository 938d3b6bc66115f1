package bulk

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
)

// Parameters are what the kinds of acts need to know; each reads its own.
type Parameters struct {
	Reason         string `json:"reason,omitempty"`          // reject, waive: required
	OverrideReason string `json:"override_reason,omitempty"` // approve: why errors do not matter; empty: those with errors stay
	OverApprovals  bool   `json:"over_approvals,omitempty"`  // reject: also what others approved

	Category    string `json:"category,omitempty"` // move
	Subcategory string `json:"subcategory,omitempty"`

	Tag  string `json:"tag,omitempty"`  // tag, untag
	Rule string `json:"rule,omitempty"` // waive

	Find     string   `json:"find,omitempty"` // replace
	With     string   `json:"with,omitempty"`
	Regexp   bool     `json:"regexp,omitempty"`    // Find is a regular expression (RE2), With may name its groups: $1, ${name}
	FoldCase bool     `json:"fold_case,omitempty"` // upper and lower case are the same
	Roles    []string `json:"roles,omitempty"`     // whose messages

	To string `json:"to,omitempty"` // restore: first or previous

	People    []uuid.UUID `json:"people,omitempty"` // assign
	Everybody bool        `json:"everybody,omitempty"`
	Note      string      `json:"note,omitempty"`
	Due       string      `json:"due,omitempty"` // a day: 2026-11-30
}

// Where restore leads to.
const (
	ToFirst    = "first"    // as it was imported
	ToPrevious = "previous" // the revision before the present one
)

const (
	maxTextBytes = 10_000
	maxFindBytes = 1_000
)

// tagForm is what a tag may look like: a word or a few, no signs that mean
// something in an address or a list.
var tagForm = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N} ._:-]{0,38}[\p{L}\p{N}])?$`)

// validate returns the parameters that the act's kind has, tidied, or every
// problem with them at once.
func (s *Service) validate(ctx context.Context, a Act, p Parameters) (Parameters, error) {
	bad := map[string]string{}
	need := func(field, value, missing string) {
		switch {
		case strings.TrimSpace(value) == "":
			bad[field] = missing
		case len(value) > maxTextBytes:
			bad[field] = fmt.Sprintf("Keep it under %d bytes.", maxTextBytes)
		case strings.ContainsRune(value, 0) || !utf8.ValidString(value):
			bad[field] = "Take out the characters that are no text."
		}
	}
	var q Parameters
	switch a.Kind {
	case Approve:
		if q.OverrideReason = strings.TrimSpace(p.OverrideReason); q.OverrideReason != "" {
			need("override_reason", p.OverrideReason, "")
		}
	case Reject:
		q.Reason, q.OverApprovals = strings.TrimSpace(p.Reason), p.OverApprovals
		need("reason", p.Reason, "Say why you reject them.")
	case Move:
		q.Category, q.Subcategory = p.Category, p.Subcategory
		if err := s.placeProblems(ctx, q, bad); err != nil {
			return q, err
		}
	case Tag, Untag:
		if q.Tag = strings.Join(strings.Fields(p.Tag), " "); !tagForm.MatchString(q.Tag) {
			bad["tag"] = "Use up to 40 letters, digits, spaces and . _ : - between them, such as needs-photo."
		}
	case Assign:
		q.People, q.Everybody, q.Note, q.Due = p.People, p.Everybody, strings.TrimSpace(p.Note), p.Due
		plan, err := q.plan(a, nil)
		if err != nil {
			bad["due"] = "Write the day as 2026-11-30, or leave it empty."
		}
		if a.Total > assign.MaxExamples {
			bad["people"] = fmt.Sprintf("At most %d examples can be given at once; you chose %d. Narrow them down.", assign.MaxExamples, a.Total)
		} else if !plan.Everybody && len(plan.People) == 0 {
			bad["people"] = "Choose who is to do it."
		} else if plan.Everybody && len(plan.People) > 0 {
			bad["people"] = "Choose everybody, or some people, not both."
		}
		if !plan.Due.IsZero() && plan.Due.Before(time.Now().UTC().Truncate(24*time.Hour)) {
			bad["due"] = "This day is over. Choose a later one, or none."
		}
	case Waive:
		q.Rule, q.Reason = strings.TrimSpace(p.Rule), strings.TrimSpace(p.Reason)
		need("reason", p.Reason, "Say why these findings do not matter.")
		need("rule", p.Rule, "Choose the rule whose findings are waived.")
		if strings.HasPrefix(q.Rule, "duplicate/") {
			bad["rule"] = "Duplicates are not waived: keep the better one, or say that they are not duplicates."
		}
	case Replace:
		q.Find, q.With, q.Regexp, q.FoldCase, q.Roles = p.Find, p.With, p.Regexp, p.FoldCase, p.Roles
		replaceProblems(q, bad)
	case Restore:
		if q.To = p.To; q.To != ToFirst && q.To != ToPrevious {
			bad["to"] = "Choose the first revision, or the one before the present."
		}
	}
	if len(bad) > 0 {
		return q, fault.Fields("The act is not complete.", bad)
	}
	return q, nil
}

func (s *Service) placeProblems(ctx context.Context, p Parameters, bad map[string]string) error {
	c, err := s.cfg.Catalog(ctx)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	cat, ok := c.Category(p.Category)
	if !ok {
		bad["category"] = "Choose the category that they belong to."
		return nil
	}
	if _, ok := cat.Subcategory(p.Subcategory); !ok && (p.Subcategory != "" || len(cat.Subcategories) > 0) {
		bad["subcategory"] = "Choose a subcategory of " + cat.Name + "."
	}
	return nil
}

func replaceProblems(p Parameters, bad map[string]string) {
	switch {
	case p.Find == "":
		bad["find"] = "Write what to look for."
	case len(p.Find) > maxFindBytes:
		bad["find"] = fmt.Sprintf("Keep it under %d bytes.", maxFindBytes)
	case strings.ContainsRune(p.Find, 0) || !utf8.ValidString(p.Find):
		bad["find"] = "Take out the characters that are no text."
	default:
		if _, err := p.pattern(); err != nil {
			bad["find"] = "This is no regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ") + "."
		}
	}
	if len(p.With) > maxTextBytes || strings.ContainsRune(p.With, 0) || !utf8.ValidString(p.With) {
		bad["with"] = fmt.Sprintf("Use text of at most %d bytes.", maxTextBytes)
	}
	if len(p.Roles) == 0 {
		bad["roles"] = "Choose whose messages."
	}
	for _, r := range p.Roles {
		if !slices.Contains([]example.Role{example.System, example.User, example.Assistant, example.Tool}, example.Role(r)) {
			bad["roles"] = "Use system, user, assistant or tool."
		}
	}
}

// plan is what package assign is asked for.
func (p Parameters) plan(a Act, ids []uuid.UUID) (assign.Plan, error) {
	plan := assign.Plan{
		Scope:  assign.Scope{Examples: ids, Title: fmt.Sprintf("%d chosen examples", a.Total), Origin: "/acts/" + a.ID.String()},
		People: p.People, Everybody: p.Everybody, Note: p.Note,
	}
	if p.Due == "" {
		return plan, nil
	}
	var err error
	plan.Due, err = time.ParseInLocation(time.DateOnly, p.Due, time.UTC)
	return plan, err
}
