package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/stat"
)

// Confidence is what the answers say of their own certainty, and whether people's
// verdicts bear it out.
type Confidence struct {
	Examples int64            `json:"examples"` // whose answer states a confidence from 0 to 1
	Mean     float64          `json:"mean"`
	Bands    []ConfidenceBand `json:"bands"` // of subcategories, in the catalog's order
	// Calibration compares the confidence with what reviewers decided; absent
	// where nobody decided anything, or everything was decided alike. ByCategory is
	// the same of each category by itself.
	Calibration *Calibration  `json:"calibration,omitempty"`
	ByCategory  []Calibration `json:"calibration_by_category"`
	Words       string        `json:"words"`
}

// A ConfidenceBand is one subcategory whose answers state a confidence. Where the
// catalog names no band, Min and Max are 0 and 1 and nothing lies outside.
type ConfidenceBand struct {
	Category    string  `json:"category"`
	Subcategory string  `json:"subcategory"`
	Name        string  `json:"name"`
	Expected    bool    `json:"expected"` // whether the catalog names a band
	Min         float64 `json:"min"`
	Max         float64 `json:"max"`
	Examples    int64   `json:"examples"`
	Below       int64   `json:"below"`
	Inside      int64   `json:"inside"`
	Above       int64   `json:"above"`
	Mean        float64 `json:"mean"`
	// Tenths counts the answers by confidence: up to 0.1, up to 0.2 and so on.
	Tenths []int64 `json:"tenths"`
	// Judged is of those answers on which a verdict stands.
	Judged *BandJudged `json:"judged,omitempty"`
}

// BandJudged holds what the answers of one subcategory say of their certainty against
// what reviewers said of them: the subcategory is one bin, its band what is expected.
type BandJudged struct {
	Examples int64   `json:"examples"`
	Mean     float64 `json:"mean_confidence"`
	Approved float64 `json:"approved"` // share, with Wilson's 95 % interval
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Gap      float64 `json:"gap"` // Mean less Approved
	Brier    float64 `json:"brier"`
	Inside   bool    `json:"approved_within_band"` // whether the share of approvals lies in the band
	Words    string  `json:"words"`
}

// Calibration is a reliability table with what can be said from it.
type Calibration struct {
	Category string           `json:"category,omitempty"` // slug; empty: all categories
	Name     string           `json:"name,omitempty"`
	Examples int64            `json:"examples"` // with a confidence and a verdict
	Approved int64            `json:"approved"`
	ECE      float64          `json:"expected_calibration_error"`
	Brier    float64          `json:"brier"`
	Bins     []CalibrationBin `json:"bins"` // ten of equal width, upper ends included; those with examples
	Words    string           `json:"words"`
}

// A CalibrationBin says how many answers of about one confidence were approved,
// with Wilson's 95 % interval.
type CalibrationBin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Examples int64   `json:"examples"`
	Mean     float64 `json:"mean_confidence"`
	Approved float64 `json:"approved"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// tenths is how many parts of equal width confidences are sorted into.
const tenths = 10

// enoughVerdicts is how many verdicts a bin needs before anything is claimed of it.
const enoughVerdicts = 100

type confidenceTally struct {
	shelves    map[shelf]*confidenceShelf
	all        reliability
	categories map[string]*reliability
}

// A reliability is what a calibration is made of.
type reliability struct {
	bins     [tenths]confidenceBin
	squares  float64 // of the differences between confidence and verdict
	verdicts int64
	approved int64
}

func (r *reliability) add(p float64, approved bool) {
	b, y := &r.bins[tenth(p)], 0.0
	if approved {
		y = 1
		b.approved++
		r.approved++
	}
	b.n++
	b.sum += p
	r.verdicts++
	r.squares += (p - y) * (p - y)
}

type confidenceShelf struct {
	n, below, inside, above int64
	sum                     float64
	tenths                  [tenths]int64
	judged                  reliability
}

type confidenceBin struct {
	n, approved int64
	sum         float64
}

func newConfidenceTally() confidenceTally {
	return confidenceTally{shelves: map[shelf]*confidenceShelf{}, categories: map[string]*reliability{}}
}

func (t *confidenceTally) add(x *row, cat catalog.Category) {
	p, ok := confidenceOf(x.conversation)
	if !ok {
		return
	}
	at := shelf{x.Category, x.Subcategory}
	sh := t.shelves[at]
	if sh == nil {
		sh = &confidenceShelf{}
		t.shelves[at] = sh
	}
	sh.n++
	sh.sum += p
	sh.tenths[tenth(p)]++
	band := bandOf(cat, x.Subcategory)
	switch {
	case p < band.Min:
		sh.below++
	case p > band.Max:
		sh.above++
	default:
		sh.inside++
	}
	verdict := ""
	for _, v := range x.verdicts {
		if int(v.Revision) == x.Revision && v.Kind != "gold" && v.Verdict != string(example.Escalate) {
			verdict = v.Verdict
		}
	}
	if verdict == "" {
		return
	}
	of := t.categories[x.Category]
	if of == nil {
		of = &reliability{}
		t.categories[x.Category] = of
	}
	for _, r := range []*reliability{&t.all, of, &sh.judged} {
		r.add(p, verdict == string(example.Approve))
	}
}

// tenth is the bin of p: upper ends included, 0 in the first.
func tenth(p float64) int { return min(max(int(math.Ceil(p*tenths-1e-9))-1, 0), tenths-1) }

func bandOf(cat catalog.Category, subcategory string) catalog.Band {
	for _, sub := range cat.Subcategories {
		if sub.Slug == subcategory && sub.ConfidenceBand != nil {
			return *sub.ConfidenceBand
		}
	}
	return catalog.Band{Min: 0, Max: 1}
}

// confidenceOf is what the last answer says of its certainty: the number named
// confidence at its top, or in one of the objects there. False where there is none
// from 0 to 1.
func confidenceOf(c example.Conversation) (float64, bool) {
	answer := ""
	for _, m := range slices.Backward(c.Messages) {
		if m.Role == example.Assistant && len(m.ToolCalls) == 0 {
			answer = m.Content
			break
		}
	}
	if !strings.HasPrefix(strings.TrimSpace(answer), "{") || !strings.Contains(answer, `"confidence"`) {
		return 0, false
	}
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(answer), &top) != nil {
		return 0, false
	}
	if p, ok := numberIn(top); ok {
		return p, true
	}
	for _, key := range [...]string{"parsed_data", "primary_assessment", "assessment"} {
		var inner map[string]json.RawMessage
		if json.Unmarshal(top[key], &inner) != nil {
			continue
		}
		if p, ok := numberIn(inner); ok {
			return p, true
		}
	}
	return 0, false
}

func numberIn(m map[string]json.RawMessage) (float64, bool) {
	raw, ok := m["confidence"]
	if !ok || string(raw) == "null" {
		return 0, false
	}
	var p float64
	if json.Unmarshal(raw, &p) != nil || p < 0 || p > 1 {
		return 0, false
	}
	return p, true
}

func (t *confidenceTally) report(c *catalog.Catalog) Confidence {
	var r Confidence
	var sum float64
	add := func(at shelf, name string, band *catalog.Band) {
		sh := t.shelves[at]
		if sh == nil {
			return
		}
		row := ConfidenceBand{
			Category: at.category, Subcategory: at.subcategory, Name: name, Max: 1, Examples: sh.n,
			Below: sh.below, Inside: sh.inside, Above: sh.above, Mean: round(sh.sum/float64(sh.n), 4), Tenths: sh.tenths[:],
		}
		if band != nil {
			row.Expected, row.Min, row.Max = true, band.Min, band.Max
		}
		row.Judged = sh.judged.inBand(row)
		r.Bands = append(r.Bands, row)
		r.Examples += sh.n
		sum += sh.sum
		delete(t.shelves, at)
	}
	for _, cat := range c.Categories {
		for _, sub := range cat.Subcategories {
			add(shelf{cat.Slug, sub.Slug}, cat.Name+": "+sub.Name, sub.ConfidenceBand)
		}
		add(shelf{cat.Slug, ""}, cat.Name+": none named", nil)
	}
	var rest []shelf
	for at := range t.shelves {
		rest = append(rest, at)
	}
	slices.SortFunc(rest, func(a, b shelf) int {
		return strings.Compare(a.category+"\x00"+a.subcategory, b.category+"\x00"+b.subcategory)
	})
	for _, at := range rest {
		add(at, at.category+": "+at.subcategory, nil)
	}
	if r.Examples > 0 {
		r.Mean = round(sum/float64(r.Examples), 4)
	}
	r.Calibration = t.all.calibration()
	for _, cat := range c.Categories {
		if of := t.categories[cat.Slug]; of != nil {
			if one := of.calibration(); one != nil {
				one.Category, one.Name = cat.Slug, cat.Name
				r.ByCategory = append(r.ByCategory, *one)
			}
		}
	}
	switch {
	case r.Examples == 0:
		r.Words = "None of these answers says how sure it is."
	case t.all.verdicts == 0:
		r.Words = "Nobody has decided on any of these answers yet, so their confidence can't be compared with anything."
	case r.Calibration == nil:
		r.Words = "All verdicts on these answers are alike: whether the confidence is borne out can only be seen where some were approved and some rejected."
	default:
		r.Words = r.Calibration.Words
	}
	return r
}

// inBand is what a band's row says of the verdicts; nil where there are none.
func (t *reliability) inBand(row ConfidenceBand) *BandJudged {
	if t.verdicts == 0 {
		return nil
	}
	n := float64(t.verdicts)
	var sum float64
	for _, b := range t.bins {
		sum += b.sum
	}
	mean, share := sum/n, float64(t.approved)/n
	in := stat.Wilson(int(t.approved), int(t.verdicts), 0.95)
	j := &BandJudged{
		Examples: t.verdicts, Mean: round(mean, 4), Approved: round(share, 4), Low: round(in.Low, 4), High: round(in.High, 4),
		Gap: round(mean-share, 4), Brier: round(t.squares/n, 4), Inside: share >= row.Min && share <= row.Max,
	}
	switch {
	case t.verdicts < enoughVerdicts:
		j.Words = fmt.Sprintf("Too few verdicts to claim anything: %d of %d.", t.verdicts, enoughVerdicts)
	case mean > in.High:
		j.Words = "Surer than reviewers."
	case mean < in.Low:
		j.Words = "Less sure than reviewers."
	default:
		j.Words = "As sure as reviewers."
	}
	if t.verdicts >= enoughVerdicts && row.Expected && (in.High < row.Min || in.Low > row.Max) {
		j.Words += " The band does not fit what reviewers approve."
	}
	return j
}

func (t *reliability) calibration() *Calibration {
	if t.verdicts == 0 || t.approved == 0 || t.approved == t.verdicts {
		return nil
	}
	c := &Calibration{Examples: t.verdicts, Approved: t.approved, Brier: round(t.squares/float64(t.verdicts), 4)}
	var least int64 = math.MaxInt64
	var bins []stat.Bin
	for i, b := range t.bins {
		if b.n == 0 {
			continue
		}
		least = min(least, b.n)
		mean, share := b.sum/float64(b.n), float64(b.approved)/float64(b.n)
		bins = append(bins, stat.Bin{N: int(b.n), Hits: int(b.approved), Mean: mean, Rate: share})
		in := stat.Wilson(int(b.approved), int(b.n), 0.95)
		c.Bins = append(c.Bins, CalibrationBin{
			From: round(float64(i)/tenths, 1), To: round(float64(i+1)/tenths, 1), Examples: b.n,
			Mean: round(mean, 4), Approved: round(share, 4), Low: round(in.Low, 4), High: round(in.High, 4),
		})
	}
	c.ECE = round(stat.Calibration(bins).Mean, 4)
	switch {
	case least < enoughVerdicts:
		c.Words = "At least one bin has fewer than 100 verdicts: too few to claim anything of it. The error is biased upwards for small numbers."
	case c.ECE <= 0.05:
		c.Words = "The stated confidence is about how often reviewers approve."
	case gapSign(c.Bins) > 0:
		c.Words = "The answers are surer of themselves than reviewers are."
	default:
		c.Words = "The answers are less sure of themselves than reviewers are."
	}
	return c
}

// gapSign is above 0 where the confidences are higher than the shares of approvals.
func gapSign(bins []CalibrationBin) float64 {
	var sum float64
	for _, b := range bins {
		sum += float64(b.Examples) * (b.Mean - b.Approved)
	}
	return sum
}

// judged says whether there are verdicts on any answer with a confidence.
func (c Confidence) judged() bool {
	return slices.ContainsFunc(c.Bands, func(b ConfidenceBand) bool { return b.Judged != nil })
}
