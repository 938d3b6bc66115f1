package review

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/db"
)

// terms are what the catalog asks before an example of one shelf is approved.
type terms struct {
	category  catalog.Category
	known     bool    // the catalog has the category
	approvals int     // by different reviewers; at least 1
	skill     string  // that one of them must have; empty: none
	byRule    bool    // findings of some rules ask for a skill too
	share     float64 // of decided examples, how many get a blind second look
}

// How old the catalog may be that rules rest on: asking for it costs a query, and
// within a transaction a second connection, which a busy server may not have.
// Whoever is about to begin one asks with freshCatalog first.
const (
	freshCatalog  = time.Second
	maxCatalogAge = 30 * time.Second
)

// catalog returns the catalog, which may have been read a while ago; nil where the
// service works without one.
func (s *Service) catalog(ctx context.Context, maxAge time.Duration) (*catalog.Catalog, error) {
	if s.cfg.Catalog == nil {
		return nil, nil
	}
	s.mu.Lock()
	known, age := s.known, time.Since(s.readAt)
	s.mu.Unlock()
	if known != nil && age <= maxAge {
		return known, nil
	}
	c, err := s.cfg.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	s.mu.Lock()
	s.known, s.readAt = c, time.Now()
	s.mu.Unlock()
	return c, nil
}

func (s *Service) terms(ctx context.Context, category, subcategory string) (terms, error) {
	t := terms{approvals: 1}
	if s.cfg.Catalog == nil {
		return t, nil
	}
	c, err := s.catalog(ctx, maxCatalogAge)
	if err != nil {
		return t, err
	}
	t.share = c.SecondLooks()
	if t.category, t.known = c.Category(category); !t.known {
		return t, nil // it left the catalog; what remains of it is reviewed all the same
	}
	t.approvals = max(t.category.Approvals, 1)
	if sub, ok := t.category.Subcategory(subcategory); ok {
		t.skill = sub.Skill
	}
	t.byRule = slices.ContainsFunc(t.category.Checks, func(k catalog.Check) bool { return k.Skill != "" })
	return t, nil
}

// skillOf is what a person needs to pass over a finding of the rule, or empty.
func (t terms) skillOf(rule string) string {
	check, _ := t.category.Check(rule)
	return check.Skill
}

// skills are all marks that anything in the category asks for, sorted.
func (t terms) skills() []string {
	var all []string
	for _, sub := range t.category.Subcategories {
		all = append(all, sub.Skill)
	}
	for _, k := range t.category.Checks {
		all = append(all, k.Skill)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

// needed lists the skills that the final approval of a revision asks for, given
// the rules that found something on it.
func (t terms) needed(rules []string) []string {
	var all []string
	if t.skill != "" {
		all = append(all, t.skill)
	}
	for _, rule := range rules {
		if skill := t.skillOf(rule); skill != "" && !slices.Contains(all, skill) {
			all = append(all, skill)
		}
	}
	return all
}

// lacking returns the first of the skills that none of the people has, or empty.
func lacking(ctx context.Context, q *db.Queries, skills []string, people []uuid.UUID) (string, error) {
	for _, skill := range skills {
		has, err := q.AnyHasSkill(ctx, people, skill)
		if err != nil {
			return "", fmt.Errorf("look for the skill %s: %w", skill, err)
		}
		if !has {
			return skill, nil
		}
	}
	return "", nil
}

// sampled says whether an example is among the share that is looked at twice. It
// depends on the example alone, so that doing a decision over does not draw again.
func sampled(id uuid.UUID, share float64) bool {
	h := fnv.New64a()
	h.Write(id[:])
	// FNV's last bytes are mixed least; one more round of a splitmix finaliser makes
	// neighbours in time independent.
	x := binary.BigEndian.Uint64(h.Sum(nil))
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11)/(1<<53) < share
}
