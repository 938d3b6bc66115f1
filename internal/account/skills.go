package account

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

const maxSkills = 20

// skillPattern is how the catalog spells skills.
var skillPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)

// SetSkills marks a user with skills, such as clinician, that some approvals
// require, instead of those they had. They count from the next decision on; what
// was approved before stays. Whether anything asks for a skill is the catalog's
// business: callers offer what it names. A bad name is fault.Invalid with the
// field skills.
func (s *Service) SetSkills(ctx context.Context, by audit.Actor, id uuid.UUID, skills []string) (User, error) {
	skills = slices.Clone(skills)
	slices.Sort(skills)
	skills = slices.Compact(skills)
	if len(skills) > maxSkills {
		return User{}, fault.Fields("The skills were not changed.", map[string]string{"skills": fmt.Sprintf("Use at most %d.", maxSkills)})
	}
	for _, skill := range skills {
		if !skillPattern.MatchString(skill) {
			return User{}, fault.Fields("The skills were not changed.", map[string]string{"skills": fmt.Sprintf("%q cannot be a skill.", skill)})
		}
	}
	if skills == nil {
		skills = []string{}
	}
	return s.change(ctx, id, func(tx pgx.Tx, row db.User) (audit.Entry, error) {
		if slices.Equal(row.Skills, skills) {
			return audit.Entry{}, nil
		}
		if err := db.New(tx).SetUserSkills(ctx, skills, id); err != nil {
			return audit.Entry{}, fmt.Errorf("set skills: %w", err)
		}
		return audit.Entry{Actor: by, Action: ActionSkills, Detail: map[string]any{"from": row.Skills, "to": skills}}, nil
	})
}
