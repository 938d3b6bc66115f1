// Package ui is the web front end: it finds out who asks, reads what they
// sent, calls one service and draws a page. It holds no SQL and no rules of
// the domain, and it speaks HTML only; JSON is internal/api's.
package ui

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/export"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ingest"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/static"
)

// Limits of an ordinary request. Routes that stream say so when they are
// registered.
const (
	maxFormBytes   = 4 << 20
	requestTimeout = 30 * time.Second
)

// Public is the permission of routes that need nobody to be signed in.
const Public account.Permission = ""

// Config is what a Server works with. Log, Accounts, Catalogs, Figures and
// Record are required.
type Config struct {
	Log         *slog.Logger
	Accounts    *account.Service
	Catalogs    Catalogs
	Figures     Figures
	Record      Record
	Reviews     Reviews                // nil: there are no pages for reviewing; needs Browse
	Browse      Examples               // nil: there are no pages of examples; needs Reviews
	HasRule     func(rule string) bool // whether a check of that name is built in; nil: none is
	Imports     *ingest.Service        // nil: there are no pages for imports
	Export      *export.Service        // nil: there is no download
	Quality     Soundness              // nil: there is no page about quality; needs Rechecks
	Overview    Overview               // nil: the dashboard shows counts only, and there are no pages about it
	Links       Links                  // nil: the dashboard cannot be shared; needs Overview
	Rechecks    Rechecks               // nil: there is no page about quality; needs Quality
	Duplicates  Duplicates             // nil: there are no pages about duplicates; needs Reviews and Browse
	Check       Checker                // nil: what is typed is not checked before it is saved; needs Count
	Count       Counter                // nil: what is typed is not checked before it is saved; needs Check
	Tokens      Tokens                 // nil: there is no page about the tokens of an example
	Agreement   Agreements             // nil: there are no pages about agreement
	Samples     Samples                // nil: there are no pages about samples; needs Assignments
	Releases    Releases               // nil: there are no pages about releases
	Acts        Acts                   // nil: nothing is done to many examples at once; needs Browse
	Hooks       Hooks                  // nil: there are no pages about webhooks
	Demo        Demo                   // nil: there is no demo data to add or remove
	Inbox       Inbox                  // nil: there is no inbox
	Assignments Assignments            // nil: no work can be given; needs Reviews and Browse
	Histories   History                // nil: an example shows its decisions only; needs Reviews and Browse
	Comments    Comments               // nil: nothing can be said about an example; needs Reviews and Browse
	Metrics     *Metrics               // nil: requests are not measured
	Served      func(time.Duration)    // hears how long each request took; nil: nobody asks
	Now         func() time.Time       // nil: time.Now
	// MaxUploadBytes bounds one file that is imported; 0: no limit.
	MaxUploadBytes int64
	BaseURL        string                  // how people reach this server, for links to pass on; empty: as in the request
	Mounts         map[string]http.Handler // further handlers by path, such as "/api/v1" and "/metrics"; they identify callers themselves
}

// A Server answers requests with pages. It is safe for concurrent use.
type Server struct {
	log         *slog.Logger
	accounts    *account.Service
	catalogs    Catalogs
	figures     Figures
	record      Record
	reviews     Reviews
	browse      Examples
	hasRule     func(rule string) bool
	drawer      draw.Drawer
	imports     *ingest.Service
	export      *export.Service
	soundness   Soundness
	overview    Overview
	links       Links
	rechecks    Rechecks
	duplicates  Duplicates
	check       Checker
	count       Counter
	tokens      Tokens
	agreement   Agreements
	samples     Samples
	releases    Releases
	acts        Acts
	hooks       Hooks
	demo        Demo
	inbox       Inbox
	comments    Comments
	histories   History
	assignments Assignments
	metrics     *Metrics
	served      func(time.Duration)
	now         func() time.Time
	baseURL     string
	maxUpload   int64

	mux    chi.Router
	routes []Route
}

// A Route is one entry of the site map.
type Route struct {
	Method     string
	Pattern    string
	Permission account.Permission // Public: anybody
}

// New returns a Server, or says which required part of c is missing.
func New(c Config) (*Server, error) {
	if c.Log == nil || c.Accounts == nil || c.Catalogs == nil || c.Figures == nil || c.Record == nil {
		return nil, errors.New("ui: Log, Accounts, Catalogs, Figures and Record are required")
	}
	s := &Server{
		samples: c.Samples, releases: c.Releases,
		acts: c.Acts, hooks: c.Hooks,
		log: c.Log, accounts: c.Accounts, catalogs: c.Catalogs, figures: c.Figures, record: c.Record, demo: c.Demo, agreement: c.Agreement, inbox: c.Inbox, comments: c.Comments, assignments: c.Assignments,
		imports: c.Imports, export: c.Export, soundness: c.Quality, overview: c.Overview, links: c.Links, rechecks: c.Rechecks, duplicates: c.Duplicates, maxUpload: c.MaxUploadBytes,
		reviews: c.Reviews, browse: c.Browse, hasRule: c.HasRule, drawer: draw.New(markdown),
		check: c.Check, count: c.Count, tokens: c.Tokens, metrics: c.Metrics, served: c.Served, now: c.Now, baseURL: strings.TrimSuffix(c.BaseURL, "/"), mux: chi.NewRouter(),
	}
	s.histories = c.Histories
	if s.now == nil {
		s.now = time.Now
	}
	s.mux.Use(s.observe, secure, middleware.GetHead)
	s.mux.NotFound(s.adapt(Public, func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "There is no page at this address.")
	}, settings{}))
	s.mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, http.StatusMethodNotAllowed, "")
	})
	for path, h := range c.Mounts {
		s.mux.Mount(path, h)
	}
	s.mux.Method(http.MethodGet, static.Prefix+"*", static.Handler())
	s.mux.Method(http.MethodGet, "/favicon.ico", http.RedirectHandler(static.Asset("img/logo.svg"), http.StatusFound))
	s.site()
	return s, nil
}

// site is the site map.
func (s *Server) site() {
	s.get("/", account.View, s.showDashboard)
	s.get("/help", account.View, s.showHelp)

	if s.reviews != nil && s.browse != nil {
		s.get("/review", account.Review, s.listQueues)
		s.get("/review/{category}", account.Review, s.showBench)
		s.post("/review/claim", account.Review, s.claim)
		s.post("/review/heartbeat", account.Review, s.heartbeat)
		s.post("/review/decisions", account.Review, s.decide)
		s.post("/review/undo", account.Review, s.undo)
		s.post("/review/release", account.Review, s.release)

		s.get("/adjudicate", account.Adjudicate, s.listDisagreements)
		s.get("/adjudicate/{id}", account.Adjudicate, s.showSettle)
		s.post("/adjudicate/{id}", account.Adjudicate, s.settle)
		s.get("/questions", account.Review, s.listQuestions)
		s.get("/questions/{id}", account.Review, s.showSettle)
		s.post("/questions/{id}", account.Review, s.settle)
		s.post("/examples/{id}/gold", account.Adjudicate, s.markGold)

		s.get("/examples", account.View, s.listExamples)
		s.get("/examples/{id}", account.View, s.showExample)
		s.post("/examples/{id}/decisions", account.Review, s.decideExample)
		s.post("/examples/{id}/edit", account.Review, s.editExample)
		s.post("/examples/{id}/restore", account.Review, s.restoreRevision)
		s.post("/examples/{id}/waivers", account.Review, s.waiveFinding)
		s.post("/examples/{id}/waivers/{waiver}/withdraw", account.Review, s.withdrawWaiver)
		s.post("/examples/{id}/handover", account.ManageLeases, s.handOver)
		if s.check != nil && s.count != nil {
			s.post("/examples/{id}/check", account.Review, s.checkEdit)
		}
		if s.assignments != nil {
			s.assignmentRoutes()
		}
		if s.histories != nil {
			s.get("/examples/{id}/history", account.View, s.showHistory)
		}
		if s.comments != nil {
			s.commentRoutes()
		}
		if s.tokens != nil {
			s.get("/examples/{id}/tokens", account.View, s.showTokens)
		}
	}

	if s.agreement != nil {
		s.agreementRoutes()
	}
	if s.samples != nil && s.assignments != nil {
		s.samplingRoutes()
	}

	s.get("/setup", Public, s.showSetup)
	s.post("/setup", Public, s.setUp)
	s.get("/login", Public, s.showLogin)
	s.post("/login", Public, s.logIn)
	s.post("/logout", Public, s.logOut)
	s.get("/join/{token}", Public, s.showJoin)
	s.post("/join/{token}", Public, s.join)

	s.get("/account", account.OwnAccount, s.showAccount)
	s.post("/account/password", account.OwnAccount, s.changePassword)
	s.post("/account/sessions/revoke", account.OwnAccount, s.endSessions)
	s.post("/account/tokens", account.OwnAccount, s.createToken)
	s.post("/account/tokens/{id}/revoke", account.OwnAccount, s.revokeToken)

	if s.inbox != nil {
		s.inboxRoutes()
	}

	s.get("/people", account.ManagePeople, s.listPeople)
	s.post("/people/invitations", account.ManagePeople, s.invite)
	s.post("/people/invitations/{id}/revoke", account.ManagePeople, s.revokeInvitation)
	s.post("/people/{id}/role", account.ManagePeople, s.changeRole)
	s.post("/people/{id}/skills", account.ManagePeople, s.changeSkills)
	s.post("/people/{id}/disable", account.ManagePeople, s.disablePerson)
	s.post("/people/{id}/enable", account.ManagePeople, s.enablePerson)

	s.get("/catalog", account.View, s.listCatalog)
	s.post("/catalog", account.ManageCatalog, s.uploadCatalog, bodyOf(maxCatalogBytes))
	s.get("/catalog.zip", account.View, s.downloadCatalog)
	s.get("/catalog/{slug}", account.View, s.showCategory)
	s.post("/catalog/{slug}", account.ManageCatalog, s.editCategory)

	if s.imports != nil {
		s.importRoutes()
	}
	if s.export != nil {
		s.downloadRoutes()
	}
	if s.overview != nil {
		s.overviewRoutes()
	}
	if s.soundness != nil && s.rechecks != nil {
		s.qualityRoutes()
	}
	if s.duplicates != nil && s.reviews != nil && s.browse != nil {
		s.duplicateRoutes()
	}

	if s.releases != nil {
		s.releaseRoutes()
	}

	if s.acts != nil && s.browse != nil {
		s.actRoutes()
	}
	if s.hooks != nil {
		s.hookRoutes()
	}

	s.get("/audit", account.ReadAudit, s.listRecord)
	s.get("/audit.csv", account.ReadAudit, s.recordCSV, streaming)
	s.get("/audit.jsonl", account.ReadAudit, s.recordJSONL, streaming)
	s.get("/people/{id}/activity", account.ReadAudit, s.showActivity)

	s.post("/demo", account.RemoveDemo, s.addDemo)
	s.post("/demo/remove", account.RemoveDemo, s.removeDemo)
}

// Routes returns the handler of the whole site.
func (s *Server) Routes() http.Handler { return s.mux }

// Table returns every page's route, in the order of registration, for tests
// that try each one in every role. Mounted handlers and static files are not
// in it.
func (s *Server) Table() []Route { return append([]Route(nil), s.routes...) }

// A handler answers a request or returns an error, which fail then answers.
type handler func(w http.ResponseWriter, r *http.Request) error

// settings are what an option changes about a route.
type settings struct {
	stream  bool
	maxBody int64
}

// An option changes the limits of a route.
type option func(*settings)

// streaming is for answers that take as long as they take: no deadline, no
// compression. The handler sets deadlines of its own as it writes.
func streaming(o *settings) { o.stream = true }

// bodyOf allows a request body of n bytes; a negative n allows any.
func bodyOf(n int64) option { return func(o *settings) { o.maxBody = n } }

func (s *Server) get(pattern string, p account.Permission, h handler, opts ...option) {
	s.handle(http.MethodGet, pattern, p, h, opts...)
}

func (s *Server) post(pattern string, p account.Permission, h handler, opts ...option) {
	s.handle(http.MethodPost, pattern, p, h, opts...)
}

// handle registers a page. It is the only way to do so, so that no route is
// without a permission and the test of all routes knows every one.
func (s *Server) handle(method, pattern string, p account.Permission, h handler, opts ...option) {
	o := settings{maxBody: maxFormBytes}
	for _, opt := range opts {
		opt(&o)
	}
	s.routes = append(s.routes, Route{Method: method, Pattern: pattern, Permission: p})
	var page http.Handler = s.adapt(p, h, o)
	if !o.stream {
		page = middleware.Compress(5, "text/html", "image/svg+xml", "text/plain")(page)
	}
	s.mux.Method(method, pattern, s.sameOrigin(page))
}

// adapt turns a handler into one of net/http's: it sets the limits, finds out
// who asks, checks that they may, and answers errors.
func (s *Server) adapt(p account.Permission, h handler, o settings) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !o.stream {
			var cancel context.CancelFunc
			r, cancel = deadlines(w, r, requestTimeout)
			defer cancel()
		}
		if o.maxBody >= 0 {
			r.Body = http.MaxBytesReader(w, r.Body, o.maxBody)
		}
		r, err := s.identify(w, r)
		if err == nil {
			err = permit(r.Context(), p)
		}
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// permit returns nil where the user of ctx has the permission.
func permit(ctx context.Context, p account.Permission) error {
	if p == Public {
		return nil
	}
	u, ok := userOf(ctx)
	if !ok {
		return fault.New(fault.Unknown, "Sign in to see this page.")
	}
	if !u.Can(p) {
		return fault.New(fault.Forbidden, "Your role (%s) does not include this.", roleWord(u.Role))
	}
	return nil
}
