package account_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

func TestSetSkills(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := account.New(pool, account.Config{})
	by := audit.Actor{Name: "test"}
	u, err := s.Add(t.Context(), by, account.Person{Email: "ana@example.com", Name: "Ana", Password: "two plates and a half"}, account.Reviewer)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{{"clinician", "physio"}, {"clinician", "physio"}, {}} {
		given := append([]string{}, want...)
		if len(given) > 0 {
			given = append(given, given[0]) // twice is once
		}
		if _, err := s.SetSkills(t.Context(), by, u.ID, given); err != nil {
			t.Fatalf("SetSkills(%v) = %v", given, err)
		}
		if u, err = s.User(t.Context(), u.ID); err != nil || !cmp.Equal(want, u.Skills) {
			t.Errorf("User() has the skills %v, %v; want %v", u.Skills, err, want)
		}
	}
	record, _, err := audit.List(t.Context(), pool, audit.Filter{Action: account.ActionSkills})
	if err != nil || len(record) != 2 || string(record[1].Detail) != `{"from":[],"to":["clinician","physio"]}` {
		t.Errorf("the record has %+v, %v; want two changes", record, err)
	}
	var many []string
	for i := range 30 {
		many = append(many, "s"+strconv.Itoa(i))
	}
	for _, bad := range [][]string{{""}, {"Clinician"}, {"a b"}, many} {
		_, err := s.SetSkills(t.Context(), by, u.ID, bad)
		if f, ok := fault.As(err); !ok || f.Fields["skills"] == "" {
			t.Errorf("SetSkills(%v) = %v, want a problem with the skills", bad, err)
		}
	}
}
