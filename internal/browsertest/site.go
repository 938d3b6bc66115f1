package browsertest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/assign"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/browse"
	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/comment"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/example/exampletest"
	"github.com/voicefit/spotter/internal/history"
	"github.com/voicefit/spotter/internal/inbox"
	"github.com/voicefit/spotter/internal/lint"
	"github.com/voicefit/spotter/internal/postgres/pgtest"
	"github.com/voicefit/spotter/internal/report"
	"github.com/voicefit/spotter/internal/review"
	"github.com/voicefit/spotter/internal/ui"
)

// Password is that of everybody on a Site.
const Password = "two plates and a half"

// A Site is a server with the default catalog and no examples. Its dataset is
// exampletest.Dataset, so that exampletest.Insert fills it.
type Site struct {
	URL      string
	Pool     *pgxpool.Pool
	Accounts *account.Service
	Reviews  *review.Service
	Table    []ui.Route // every route of the pages

	pages http.Handler
	web   *httptest.Server
}

// Start runs a site until the test ends. change, if not nil, may adjust the
// configuration of the pages, for those of other parts.
func Start(t *testing.T, change func(*Site, *ui.Config)) *Site {
	t.Helper()
	s := &Site{Pool: pgtest.New(t)}
	if _, err := s.Pool.Exec(t.Context(), "INSERT INTO datasets (id, slug, name) VALUES ($1, 'test', 'Test')", exampletest.Dataset); err != nil {
		t.Fatal(err)
	}
	catalogs, err := catalog.OpenStore(t.Context(), s.Pool, catalog.Default)
	if err != nil {
		t.Fatal(err)
	}
	s.Accounts = account.New(s.Pool, account.Config{})
	s.Reviews = review.New(review.Config{
		DB: s.Pool, Dataset: exampletest.Dataset, Check: check, Catalog: catalogs.Current,
		// No hidden looks while there is anything else: tests know what comes next.
		Chance: func() float64 { return 1 },
		Order: func(ctx context.Context) ([]string, error) {
			c, err := catalogs.Current(ctx)
			if err != nil {
				return nil, err
			}
			return c.Slugs(), nil
		},
		Count: func(c example.Conversation) (int, int) { n := len(c.AppendMessages(nil)) / 4; return n, n - 25 },
	})
	c := ui.Config{
		Log: slog.New(slog.DiscardHandler), Accounts: s.Accounts, Catalogs: catalogs,
		Figures: report.New(s.Pool, exampletest.Dataset, catalogs.Current),
		Record: func(ctx context.Context, f audit.Filter) ([]audit.Record, string, error) {
			return audit.List(ctx, s.Pool, f)
		},
		Reviews: s.Reviews, Browse: browse.New(s.Pool, exampletest.Dataset), Inbox: inbox.New(s.Pool, exampletest.Dataset), Assignments: assign.New(s.Pool, exampletest.Dataset, nil), Histories: history.New(s.Pool, exampletest.Dataset), Comments: comment.New(s.Pool, exampletest.Dataset),
	}
	if change != nil {
		change(s, &c)
	}
	server, err := ui.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.pages, s.Table = server.Routes(), server.Table()
	s.web = httptest.NewServer(s.pages)
	t.Cleanup(func() { s.web.Close() })
	s.URL = s.web.URL
	return s
}

// Kill ends the server as a crash does: connections break, nothing is answered.
func (s *Site) Kill() {
	s.web.CloseClientConnections()
	s.web.Close()
}

// Revive starts a server again at the same address.
func (s *Site) Revive(t *testing.T) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	s.web = &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.pages, ReadHeaderTimeout: time.Minute}}
	s.web.Start()
}

// check stands in for the checks: the word BAD in a message is an error.
func check(_ context.Context, s lint.Subject) ([]lint.Finding, error) {
	for _, m := range s.Conversation.Messages {
		if strings.Contains(m.Content, "BAD") {
			return []lint.Finding{{Rule: "test/bad", Severity: lint.Error, Message: "Take out BAD.", Path: "/messages/1/content"}}, nil
		}
	}
	return nil, nil
}

// Add makes an account with a name like "Test lead" and returns its address.
func (s *Site) Add(t *testing.T, role account.Role, email string) account.User {
	t.Helper()
	u, err := s.Accounts.Add(t.Context(), audit.Actor{Name: "test"}, account.Person{
		Email: email, Name: "Ana " + strings.ToUpper(string(role[:1])) + string(role[1:]), Password: Password,
	}, role)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// An Example is what the database knows of one.
type Example struct {
	Status    string
	Revision  int
	Messages  string
	Decisions []string // verdicts with reasons, from the oldest
	Holder    uuid.UUID
}

// Example reads one example past the services.
func (s *Site) Example(t *testing.T, id uuid.UUID) Example {
	t.Helper()
	var e Example
	var holder *uuid.UUID
	err := s.Pool.QueryRow(t.Context(), `
		SELECT e.status::text, e.revision, r.messages,
		       ARRAY(SELECT verdict || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END
		               FROM decisions d WHERE d.example_id = e.id ORDER BY d.id),
		       (SELECT reviewer_id FROM leases l WHERE l.example_id = e.id AND l.expires_at > now())
		  FROM examples e JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
		 WHERE e.id = $1`, id).Scan(&e.Status, &e.Revision, &e.Messages, &e.Decisions, &holder)
	if err != nil {
		t.Fatal(err)
	}
	if holder != nil {
		e.Holder = *holder
	}
	return e
}
