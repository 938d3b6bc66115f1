package inbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/postgres"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
)

var dataset = uuid.MustParse("0198c0de-0000-7000-8000-000000000001")

func notify(t *testing.T, pool *pgxpool.Pool, n inbox.Notice) error {
	t.Helper()
	return postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return inbox.Notify(t.Context(), tx, dataset, n) })
}

func unread(t *testing.T, s *inbox.Service, user uuid.UUID) int {
	t.Helper()
	n, err := s.Unread(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInbox(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := inbox.New(pool, dataset)
	ana, ben, example := uuid.New(), uuid.New(), uuid.New()
	for i := range 5 {
		if err := notify(t, pool, inbox.Notice{
			User: ana, Kind: inbox.KindMention, ExampleID: &example, Author: "Ben", Text: fmt.Sprint("note ", i), Link: "/examples/1#comments",
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := notify(t, pool, inbox.Notice{User: ben, Kind: inbox.KindRelease}); err != nil {
		t.Fatal(err)
	}

	var got []string
	after := uuid.Nil
	for {
		items, next, err := s.List(t.Context(), ana, false, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			got = append(got, i.Text)
		}
		if after = next; next == uuid.Nil {
			break
		}
	}
	if d := cmp.Diff([]string{"note 4", "note 3", "note 2", "note 1", "note 0"}, got); d != "" {
		t.Errorf("List() (-want +got):\n%s", d)
	}

	items, _, err := s.List(t.Context(), ana, true, uuid.Nil, 10)
	if err != nil || len(items) != 5 {
		t.Fatalf("List(unread) = %d items, %v; want 5", len(items), err)
	}
	if _, err := s.Read(t.Context(), ben, items[0].ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("Read() of somebody else's = %v, want not found", err)
	}
	if link, err := s.Read(t.Context(), ana, items[0].ID); err != nil || link != "/examples/1#comments" {
		t.Errorf("Read() = %q, %v", link, err)
	}
	if n := unread(t, s, ana); n != 4 {
		t.Errorf("Unread() = %d, want 4", n)
	}
	// What came in after the page was shown stays unread.
	if n, err := s.ReadAll(t.Context(), ana, items[2].ID); err != nil || n != 3 {
		t.Errorf("ReadAll() = %d, %v; want 3", n, err)
	}
	items, _, err = s.List(t.Context(), ana, true, uuid.Nil, 10)
	if err != nil || len(items) != 1 || items[0].Text != "note 3" {
		t.Errorf("List(unread) = %+v, %v; want note 3", items, err)
	}
	if n := unread(t, s, ben); n != 1 {
		t.Errorf("Unread() of the other = %d, want 1", n)
	}
}

func TestNotifyKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	s := inbox.New(pool, dataset)
	user := uuid.New()
	if err := notify(t, pool, inbox.Notice{User: user, Kind: inbox.KindComment, Text: "a\x00b\xff" + strings.Repeat("é", 2000), Link: "/x"}); err != nil {
		t.Fatal(err)
	}
	items, _, err := s.List(t.Context(), user, false, uuid.Nil, 1)
	if err != nil || len(items) != 1 || !strings.HasPrefix(items[0].Text, "ab\uFFFDé") || len(items[0].Text) > 2003 || !strings.HasSuffix(items[0].Text, "é…") {
		t.Errorf("List() = %+v, %v; want the text, storable and cut", items, err)
	}
	for name, n := range map[string]inbox.Notice{
		"nobody":       {Kind: inbox.KindComment},
		"no such kind": {User: user, Kind: "gossip"},
		"other site":   {User: user, Kind: inbox.KindComment, Link: "https://evil.example/"},
		"other host":   {User: user, Kind: inbox.KindComment, Link: "//evil.example/"},
	} {
		if err := notify(t, pool, n); err == nil {
			t.Errorf("Notify(%s) = nil, want an error", name)
		}
	}
	if n := unread(t, s, user); n != 1 {
		t.Errorf("Unread() = %d, want 1", n)
	}
}

func TestUnreadIsCountedAsFarAsABadgeShows(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	user := uuid.New()
	if _, err := pool.Exec(t.Context(), `INSERT INTO notices (dataset_id, id, user_id, kind)
		SELECT $1, gen_random_uuid(), $2, 'comment' FROM generate_series(1, 250)`, dataset, user); err != nil {
		t.Fatal(err)
	}
	if n := unread(t, inbox.New(pool, dataset), user); n != inbox.MaxUnread {
		t.Errorf("Unread() = %d, want %d", n, inbox.MaxUnread)
	}
}
