// Package chart draws figures: one model of marks that pages show as inline SVG,
// that prints, and that is saved as SVG, PNG or CSV. It computes no figures; what
// it draws it also holds as a table, for those who do not see it.
package chart

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Tone is what a mark means; themes give it a colour.
type Tone string

// The tones.
const (
	Approved  Tone = "approved"
	Escalated Tone = "escalated"
	Pending   Tone = "pending"
	Rejected  Tone = "rejected"
	Info      Tone = "info"
	Warning   Tone = "warning"
	Error     Tone = "error"
	Ink       Tone = "ink"  // words
	Soft      Tone = "soft" // lesser words
	Line      Tone = "line" // axes and grids
	Track     Tone = "track"
	Band      Tone = "band" // a range, behind other marks
	Fan       Tone = "fan"  // where a forecast lies
	Hit       Tone = "hit"  // unseen: only to be pointed at
)

// colours are those of saved files, on white. Pages and reports have their own, by
// class, so that they follow light and dark.
var colours = map[Tone][3]uint8{
	Approved: {0x2e, 0x8a, 0x51}, Escalated: {0xb5, 0x7a, 0x00}, Pending: {0x7d, 0x87, 0x90}, Rejected: {0xcb, 0x3b, 0x31},
	Info: {0x1a, 0x52, 0x8f}, Warning: {0xb5, 0x7a, 0x00}, Error: {0x9f, 0x23, 0x1b},
	Ink: {0x1a, 0x1f, 0x23}, Soft: {0x53, 0x5a, 0x60}, Line: {0xdc, 0xd9, 0xce}, Track: {0xec, 0xea, 0xe2}, Band: {0xd3, 0xe2, 0xf2}, Fan: {0xc4, 0xe4, 0xd0},
}

func hex(t Tone) string {
	c := colours[t]
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

// A Point is a place in a drawing; y grows downwards.
type Point struct{ X, Y float64 }

type kind uint8

const (
	rect kind = iota
	line      // through all points
	area      // within all points
	text
)

// A mark is one shape or word.
type mark struct {
	kind    kind
	tone    Tone
	points  []Point // rect: two corners; text: where it stands
	width   float64 // of a line
	dashed  bool
	words   string
	anchor  string // of text: start, middle or end
	bold    bool
	href    string // where the mark leads, on pages
	tooltip string
	unseen  bool // only there to be pointed at, on pages
}

// A Drawing is a finished chart. Its zero value is empty.
type Drawing struct {
	Title         string
	Text          string // what it shows, in words
	Width, Height float64
	// Head and Rows say the same as a table; Links, where there are any, lead from
	// the first cell of each row to what it counts.
	Head  []string
	Rows  [][]string
	Links []string
	// CellLinks, where there are any, lead from every cell of a row; they come before
	// Links.
	CellLinks [][]string

	marks []mark
}

// fontSize is that of all words of a drawing.
const fontSize = 13

// wide is about how wide words are.
func wide(words string) float64 { return float64(len([]rune(words))) * fontSize * 0.56 }

// short cuts words that would be wider than room.
func short(words string, room float64) string {
	r := []rune(words)
	most := int(room / (fontSize * 0.56))
	if len(r) <= most || most < 2 {
		return words
	}
	return strings.TrimRight(string(r[:most-1]), " ") + "…"
}

func (d *Drawing) rect(t Tone, x, y, w, h float64) *mark {
	return d.mark(mark{kind: rect, tone: t, points: []Point{{x, y}, {x + w, y + h}}})
}

func (d *Drawing) line(t Tone, width float64, points ...Point) *mark {
	return d.mark(mark{kind: line, tone: t, points: points, width: width})
}

func (d *Drawing) area(t Tone, points ...Point) *mark {
	return d.mark(mark{kind: area, tone: t, points: points})
}

func (d *Drawing) text(t Tone, x, y float64, anchor, words string) *mark {
	return d.mark(mark{kind: text, tone: t, points: []Point{{x, y}}, anchor: anchor, words: words})
}

func (d *Drawing) mark(m mark) *mark {
	d.marks = append(d.marks, m)
	return &d.marks[len(d.marks)-1]
}

// Inline returns the drawing as an SVG element for a page: shapes carry classes
// (tone-approved and so on) and no colours, links are kept. Everything in it is
// escaped. One with links is hidden from screen readers, which know no links within an
// image: the page must have its text and table beside it.
func (d Drawing) Inline() string {
	var b strings.Builder
	role := `role="img" aria-label="` + escape(d.Title+". "+d.Text) + `"`
	if slices.ContainsFunc(d.marks, func(m mark) bool { return m.href != "" }) {
		role = `aria-hidden="true" focusable="false"`
	}
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %s %s" preserveAspectRatio="xMinYMin" %s>`, num(d.Width), num(d.Height), role)
	d.write(&b, false)
	b.WriteString("</svg>")
	return b.String()
}

// SVG writes the drawing as a file with its own colours, on white.
func (d Drawing) SVG(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 %d %s %s" width="%s" height="%s" font-family="system-ui, sans-serif" role="img" aria-labelledby="t d"><title id="t">%s</title><desc id="d">%s</desc>`,
		-titleRoom, num(d.Width), num(d.Height+titleRoom), num(d.Width), num(d.Height+titleRoom), escape(d.Title), escape(d.Text))
	fmt.Fprintf(&b, `<rect y="%d" width="100%%" height="100%%" fill="#ffffff"/><text x="0" y="-14" font-size="16" font-weight="600" fill="%s">%s</text>`, -titleRoom, hex(Ink), escape(d.Title))
	d.write(&b, true)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// titleRoom is what saved drawings have above them, for the title that pages write
// themselves.
const titleRoom = 36

func (d Drawing) write(b *strings.Builder, coloured bool) {
	for _, m := range d.marks {
		if m.unseen && coloured {
			continue
		}
		if m.href != "" && !coloured {
			fmt.Fprintf(b, `<a href="%s" tabindex="-1">`, escape(m.href))
		}
		if m.tooltip != "" {
			b.WriteString("<g><title>" + escape(m.tooltip) + "</title>")
		}
		m.write(b, coloured)
		if m.tooltip != "" {
			b.WriteString("</g>")
		}
		if m.href != "" && !coloured {
			b.WriteString("</a>")
		}
	}
}

func (m mark) write(b *strings.Builder, coloured bool) {
	fill := ` class="tone-` + string(m.tone) + `"`
	stroke := ` class="stroke-` + string(m.tone) + `"`
	if coloured {
		fill, stroke = ` fill="`+hex(m.tone)+`"`, ` fill="none" stroke="`+hex(m.tone)+`"`
	}
	switch m.kind {
	case rect:
		a, c := m.points[0], m.points[1]
		fmt.Fprintf(b, `<rect%s x="%s" y="%s" width="%s" height="%s"/>`, fill, num(a.X), num(a.Y), num(c.X-a.X), num(c.Y-a.Y))
	case line:
		dash := ""
		if m.dashed {
			dash = ` stroke-dasharray="6 4"`
		}
		if !coloured {
			stroke += ` fill="none"`
		}
		fmt.Fprintf(b, `<path%s stroke-width="%s"%s d="%s"/>`, stroke, num(m.width), dash, path(m.points, false))
	case area:
		fmt.Fprintf(b, `<path%s d="%s"/>`, fill, path(m.points, true))
	case text:
		weight := ""
		if m.bold {
			weight = ` font-weight="600"`
		}
		fmt.Fprintf(b, `<text%s x="%s" y="%s" font-size="%d" text-anchor="%s"%s>%s</text>`, fill, num(m.points[0].X), num(m.points[0].Y), fontSize, m.anchor, weight, escape(m.words))
	}
}

func path(points []Point, closed bool) string {
	var b strings.Builder
	for i, p := range points {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(num(p.X) + " " + num(p.Y))
	}
	if closed {
		b.WriteByte('Z')
	}
	return b.String()
}

// num writes a coordinate to a tenth.
func num(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// escape makes text safe in an element and in an attribute; control characters,
// which XML does not know, become blanks.
func escape(s string) string {
	return escaper.Replace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�")))
}

// CSV writes the table. Cells that a spreadsheet would take for a formula begin
// with an apostrophe.
func (d Drawing) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	for _, row := range append([][]string{d.Head}, d.Rows...) {
		safe := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				if _, err := strconv.ParseFloat(cell, 64); err != nil {
					cell = "'" + cell
				}
			}
			safe[i] = cell
		}
		if err := c.Write(safe); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
