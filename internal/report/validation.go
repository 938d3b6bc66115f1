package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
)

// ValidationLayout is the version of the layout of Validation's JSON.
const ValidationLayout = 1

// Validation is the validation report: what can be said about the soundness of
// the examples that a filter covers. Its JSON is the report's JSON.
type Validation struct {
	Report         string           `json:"report"` // "validation"
	Layout         int              `json:"layout"`
	Dataset        string           `json:"dataset"`
	MadeAt         time.Time        `json:"made_at"`
	CatalogVersion int              `json:"catalog_version"`
	RulesVersion   string           `json:"rules_version"`
	Release        string           `json:"release,omitempty"`
	Filter         ValidationFilter `json:"filter"`
	// Current says whether all findings were made with these rules and this
	// catalog; where not, a check of all examples is due or under way.
	Current bool             `json:"findings_current"`
	Counts  ValidationCounts `json:"counts"`
	Splits  map[string]int64 `json:"splits,omitempty"`
	Format  ValidationFormat `json:"format"`
	// Presets is what the platforms' formats say of each row; absent where they
	// were not asked.
	Presets    []ValidationPreset   `json:"presets,omitempty"`
	Findings   ValidationFindings   `json:"findings"`
	Waivers    ValidationWaivers    `json:"waivers"`
	Duplicates ValidationDuplicates `json:"exact_duplicates"`
	// Copies is what the search for duplicates knows of these examples, and what
	// of it lies in two splits.
	Copies    *ValidationCopies    `json:"duplicates_and_leakage,omitempty"`
	Tokens    ValidationTokens     `json:"tokens"`
	Platforms []ValidationPlatform `json:"platforms"`
	// Assumptions are what the figures rest on, as sentences.
	Assumptions []string `json:"assumptions"`
	// Site is where numbers of the HTML lead; empty: nowhere. See Scope.
	Site string `json:"-"`
}

// ValidationFilter is what the report covers; empty is everything.
type ValidationFilter struct {
	Category string `json:"category"`
	Status   string `json:"status"`
}

// ValidationCounts is how many examples there are, by status.
type ValidationCounts struct {
	Examples   int64                `json:"examples"`
	ByStatus   map[string]int64     `json:"by_status"`
	Categories []ValidationCategory `json:"categories"`
}

// ValidationCategory is the same of one category.
type ValidationCategory struct {
	Slug     string           `json:"slug"`
	Name     string           `json:"name"`
	Examples int64            `json:"examples"`
	ByStatus map[string]int64 `json:"by_status"`
}

// ValidationFormat says how many examples are in the strict common form as they
// are stored: roles in order, every content a text, nothing but messages. The
// others are written in that form by an export where it can say them.
type ValidationFormat struct {
	Strict int64       `json:"strict"`
	Other  int64       `json:"other"`
	First  []uuid.UUID `json:"first_others"`
}

// ValidationFindings is what the checks say of current revisions.
type ValidationFindings struct {
	Errors   int64            `json:"errors"`
	Warnings int64            `json:"warnings"`
	Notes    int64            `json:"notes"`
	Rules    []ValidationRule `json:"rules"`
}

// ValidationRule is one rule with the first examples it found something on.
type ValidationRule struct {
	Rule       string           `json:"rule"`
	Severity   string           `json:"severity"`
	Summary    string           `json:"summary"`
	Fix        string           `json:"fix"`
	Findings   int64            `json:"findings"`
	Examples   int64            `json:"examples"`
	ByCategory map[string]int64 `json:"by_category"`
	First      []ValidationCase `json:"first"`
}

// ValidationCase is one example with one finding.
type ValidationCase struct {
	Example uuid.UUID `json:"example"`
	Path    string    `json:"path"`
	Message string    `json:"message"`
}

// ValidationWaivers are the findings that people silenced, the newest first.
type ValidationWaivers struct {
	Total int64              `json:"total"`
	First []ValidationWaiver `json:"first"`
}

// ValidationWaiver is one of them.
type ValidationWaiver struct {
	Example  uuid.UUID `json:"example"`
	Revision int       `json:"revision"`
	Rule     string    `json:"rule"`
	Path     string    `json:"path"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// ValidationDuplicates says how many rows of imports were left out because their
// content was in the dataset already. It is of all imports, whatever the filter.
type ValidationDuplicates struct {
	Rows       int64              `json:"rows"`
	Duplicates int64              `json:"duplicates"`
	Rejected   int64              `json:"rejected"`
	Imports    int64              `json:"imports"`
	Newest     []ValidationImport `json:"newest"`
}

// ValidationImport is what came of one import.
type ValidationImport struct {
	ID         uuid.UUID `json:"id"`
	File       string    `json:"file"`
	State      string    `json:"state"`
	At         time.Time `json:"at"`
	Rows       int64     `json:"rows"`
	Inserted   int64     `json:"inserted"`
	Duplicates int64     `json:"duplicates"`
	Rejected   int64     `json:"rejected"`
}

// ValidationTokens is how long the examples are.
type ValidationTokens struct {
	Form      string             `json:"form"`
	Total     int64              `json:"total"`
	Mean      float64            `json:"mean"`
	Half      int                `json:"half_at_most"`       // half of the examples are at most this long
	Most      int                `json:"95_percent_at_most"` // 95 of 100 are
	Histogram []ValidationBucket `json:"histogram"`
}

// ValidationBucket counts the examples of From to To tokens.
type ValidationBucket struct {
	From     int   `json:"from"`
	To       int   `json:"to"`
	Examples int64 `json:"examples"`
}

// ValidationPlatform is what a platform would cut and charge.
type ValidationPlatform struct {
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	Model     string   `json:"model,omitempty"`
	MaxTokens int      `json:"max_tokens,omitempty"`
	Over      int64    `json:"examples_over_limit"`
	OverShare float64  `json:"share_over_limit"` // 0 to 1
	About     bool     `json:"approximate,omitempty"`
	Price     *float64 `json:"usd_per_million_tokens,omitempty"`
	PriceAsOf string   `json:"price_as_of,omitempty"`
	// Cost is in US dollars for 1, 2, 3 and 4 epochs; absent without a price.
	Cost []float64 `json:"usd_by_epochs,omitempty"`
	// Unpacked is Cost with packing switched off; absent without price and limit.
	Unpacked []float64 `json:"usd_by_epochs_without_packing,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// How much of each list a report holds.
const (
	maxCases   = 5
	maxWaivers = 200
	maxImports = 100
	maxEpochs  = 4
)

func (s *Service) fillImports(ctx context.Context, q *db.Queries, _ Filter, v *Validation) error {
	all, err := q.ImportTotals(ctx, s.dataset)
	if err != nil {
		return err
	}
	v.Duplicates = ValidationDuplicates{Imports: all.Imports, Rows: all.Rows, Duplicates: all.Duplicates, Rejected: all.Rejected}
	rows, err := q.ImportFigures(ctx, s.dataset, maxImports)
	if err != nil {
		return err
	}
	for _, i := range rows {
		v.Duplicates.Newest = append(v.Duplicates.Newest, ValidationImport{
			ID: i.ID, File: i.Filename, State: i.State, At: i.CreatedAt.UTC(), Rows: i.Rows, Inserted: i.Inserted, Duplicates: i.Duplicates, Rejected: i.Rejected,
		})
	}
	return nil
}

func fillTokens(t TokenFigures, v *Validation) {
	v.Tokens = ValidationTokens{
		Form: tokenForm, Total: t.Tokens,
		Mean: math.Round(t.Mean()*10) / 10, Half: t.AtMost(0.5), Most: t.AtMost(0.95),
	}
	for _, b := range t.Octaves() {
		v.Tokens.Histogram = append(v.Tokens.Histogram, ValidationBucket{b.From, b.To, b.Examples})
	}
	v.Platforms = platformRows(t.Platforms, t.Examples)
	v.Assumptions = Assumptions()
}

// tokenForm says what is counted as a token.
const tokenForm = "Llama 3 tokens, Hugging Face chat template with the date preamble"

// platformRows puts figures of platforms into the form of reports.
func platformRows(figures []PlatformFigure, examples int64) []ValidationPlatform {
	var list []ValidationPlatform
	for _, p := range figures {
		row := ValidationPlatform{
			Slug: p.Slug, Name: p.Name, Model: p.Model, MaxTokens: p.MaxTokens, Over: p.Over, About: p.About,
			Price: p.USDPerMillionTokens, PriceAsOf: p.PriceAsOf, Note: p.Note, OverShare: portion(p.Over, examples),
		}
		for epochs := 1; epochs <= maxEpochs; epochs++ {
			if cost, ok := p.Cost(epochs); ok {
				row.Cost = append(row.Cost, cents(cost))
			}
			if cost, ok := p.Unpacked(epochs); ok {
				row.Unpacked = append(row.Unpacked, cents(cost))
			}
		}
		list = append(list, row)
	}
	return list
}

func cents(usd float64) float64 { return math.Round(usd*100) / 100 }

// Assumptions are what figures of cost rest on, a sentence each.
func Assumptions() []string {
	return []string{
		"Cost is the price times the epochs times all tokens of the examples, rendered with the chat template. Prices are those of the catalog, as of the date given there; read them again before a decision.",
		fmt.Sprintf("The date preamble of the Hugging Face template is counted: up to %d tokens a row. A platform that leaves it out charges less.", preambleTokens),
		"Packing is assumed to be on. With packing off a platform may charge every row at its full length, which costs many times as much: never switch it off without setting the maximum length.",
		"An evaluation split is charged too, once for each evaluation. Hosting the tuned model is not in these figures.",
	}
}

// A Format is a way to write a report.
type Format string

// The formats of a report.
const (
	HTML     Format = "html"
	JSON     Format = "json"
	Markdown Format = "md"
)

// MediaType is what HTTP calls the format.
func (f Format) MediaType() string {
	switch f {
	case HTML:
		return "text/html; charset=utf-8"
	case Markdown:
		return "text/markdown; charset=utf-8"
	}
	return "application/json"
}

// ParseFormat returns the format of that name; any other is fault.Invalid.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case HTML, JSON, Markdown:
		return f, nil
	}
	return "", fault.New(fault.Invalid, "There is no report format %q. Use html, json or md.", name)
}

// Write writes the report. HTML is one file that needs nothing else and prints.
func (v Validation) Write(w io.Writer, f Format) error {
	switch f {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	case Markdown:
		return v.markdown(w)
	case HTML:
		return v.html(w)
	}
	return fault.New(fault.Invalid, "There is no report format %q. Use html, json or md.", f)
}
