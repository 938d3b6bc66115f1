package share_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/share"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), pgtest.New(t)
	dataset, now := uuid.New(), time.Now()
	s := share.New(pool, dataset, func() time.Time { return now })
	pm := audit.Actor{ID: uuid.New(), Name: "Pat"}
	secret, l, err := s.Create(ctx, pm, " The board ", 7)
	if err != nil || l.Name != "The board" || len(secret) < 26 {
		t.Fatalf("Create() = %q, %+v, %v", secret, l, err)
	}
	for _, other := range []string{"", strings.ToLower(secret), secret + "A"} {
		if _, err := s.Open(ctx, other); !errors.Is(err, fault.NotFound) {
			t.Errorf("Open(%q) = %v, want not found", other, err)
		}
	}
	if _, err := share.New(pool, uuid.New(), nil).Open(ctx, secret); !errors.Is(err, fault.NotFound) {
		t.Errorf("Open() for another dataset = %v, want not found", err)
	}
	if got, err := s.Open(ctx, secret); err != nil || got.ID != l.ID {
		t.Errorf("Open() = %+v, %v", got, err)
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != 1 || list[0].OpenedAt.IsZero() || !list[0].Works(now) {
		t.Errorf("List() = %+v, %v", list, err)
	}
	var kept int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM share_links WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'", secret).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the secret is in %d rows, %v", kept, err)
	}

	late := now.AddDate(0, 0, 7).Add(time.Second)
	after := share.New(pool, dataset, func() time.Time { return late })
	if _, err := after.Open(ctx, secret); !errors.Is(err, fault.NotFound) {
		t.Errorf("Open() after it ended = %v, want not found", err)
	}
	if err := s.Revoke(ctx, pm, l.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(ctx, secret); !errors.Is(err, fault.NotFound) {
		t.Errorf("Open() after it was revoked = %v, want not found", err)
	}
	for _, id := range []uuid.UUID{l.ID, uuid.New()} {
		if err := s.Revoke(ctx, pm, id); !errors.Is(err, fault.NotFound) {
			t.Errorf("Revoke(%s) = %v, want not found", id, err)
		}
	}
	records, _, err := audit.List(ctx, pool, audit.Filter{})
	if err != nil || len(records) != 2 || records[0].Action != share.ActionRevoke || records[1].Action != share.ActionCreate || strings.Contains(string(records[1].Detail), secret) {
		t.Errorf("the record has %+v, %v", records, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	s := share.New(pgtest.New(t), uuid.New(), nil)
	for _, tt := range []struct {
		name, field string
		days        int
	}{{"", "name", 7}, {strings.Repeat("x", 101), "name", 7}, {"a\x00b", "name", 7}, {"Pat", "days", 0}, {"Pat", "days", 3650}} {
		_, _, err := s.Create(t.Context(), audit.Actor{Name: "Pat"}, tt.name, tt.days)
		f, ok := fault.As(err)
		if !ok || f.Fields[tt.field] == "" || len(f.Fields) != 1 {
			t.Errorf("Create(%q, %d) = %v, want a problem with %s", tt.name, tt.days, err, tt.field)
		}
	}
}
