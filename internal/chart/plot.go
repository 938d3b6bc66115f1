package chart

import (
	"math"
	"strconv"
)

// A Column is one bar of a histogram.
type Column struct {
	Label string // below it
	Value float64
	Note  string // above it; empty: nothing is written
	URL   string // to what it counts
	Tone  Tone   // empty: Info
}

// Columns draws a histogram of the given width. Labels that would run into each
// other are left out, all but every second or third; the table has all of them.
func Columns(title, text string, width float64, head []string, columns []Column) Drawing {
	const height, bottom, top = 220, 28, 24
	d := Drawing{Title: title, Text: text, Width: width, Height: height, Head: head}
	most := 0.0
	label, note := 0.0, 0.0
	for _, c := range columns {
		most = max(most, c.Value)
		label, note = max(label, wide(c.Label)), max(note, wide(c.Note))
	}
	step := width / float64(max(len(columns), 1))
	bar := min(step*0.8, 90)
	everyLabel, everyNote := int(math.Ceil((label+6)/step)), int(math.Ceil((note+4)/step))
	for i, c := range columns {
		h := 0.0
		if most > 0 {
			h = (height - bottom - top) * c.Value / most
			if c.Value > 0 {
				h = max(h, 1.5) // one in a million is still there
			}
		}
		x := float64(i)*step + (step-bar)/2
		tone := c.Tone
		if tone == "" {
			tone = Info
		}
		m := d.rect(tone, x, height-bottom-h, bar, h)
		m.href, m.tooltip = c.URL, c.Label+": "+c.Note
		if c.Note != "" && i%max(everyNote, 1) == 0 {
			d.text(Ink, x+bar/2, height-bottom-h-6, "middle", c.Note)
		}
		if i%max(everyLabel, 1) == 0 {
			d.text(Soft, x+bar/2, height-8, "middle", c.Label)
		}
		d.Rows = append(d.Rows, []string{c.Label, strconv.FormatFloat(c.Value, 'f', -1, 64)})
		d.Links = append(d.Links, c.URL)
	}
	d.line(Line, 1, Point{0, height - bottom}, Point{width, height - bottom})
	return d
}

// A Piece is one part of a bar.
type Piece struct {
	Tone  Tone
	Value float64
	Words string // for its tooltip
	URL   string // to what it counts
}

// A Bar is one row of a bar chart.
type Bar struct {
	Label  string
	URL    string
	Pieces []Piece
	// Low and High are the ends of a target, 0 where there is none.
	Low, High float64
	Note      string // behind the bar
}

// Bars draws stacked bars, one below the other, each with its label above it, so
// that long names fit on a phone. All have one scale.
func Bars(title, text string, width float64, bars []Bar) Drawing {
	const step, thick = 50, 16
	d := Drawing{Title: title, Text: text, Width: width, Height: float64(len(bars))*step + 4}
	most := 0.0
	for _, b := range bars {
		sum := 0.0
		for _, p := range b.Pieces {
			sum += p.Value
		}
		most = max(most, sum, b.High)
	}
	scale := 0.0
	if most > 0 {
		scale = width / most
	}
	for i, b := range bars {
		y := float64(i) * step
		room := width - wide(b.Note) - 16
		m := d.text(Ink, 0, y+14, "start", short(b.Label, room))
		m.bold, m.href, m.tooltip = true, b.URL, b.Label
		d.text(Soft, width, y+14, "end", b.Note)
		d.rect(Track, 0, y+22, width, thick)
		x := 0.0
		for _, p := range b.Pieces {
			if p.Value <= 0 {
				continue
			}
			w := max(p.Value*scale, 1.5)
			m := d.rect(p.Tone, x, y+22, min(w, width-x), thick)
			m.href, m.tooltip = p.URL, p.Words
			x += p.Value * scale
		}
		if b.High > 0 {
			for _, t := range []float64{b.Low, b.High} {
				d.line(Ink, 2, Point{t * scale, y + 19}, Point{t * scale, y + 22 + thick + 3})
			}
			d.line(Ink, 1, Point{b.Low * scale, y + 22 + thick + 3}, Point{b.High * scale, y + 22 + thick + 3})
		}
	}
	return d
}

// A Series is one line of a time chart; a value that is NaN is a gap.
type Series struct {
	Name   string
	Tone   Tone
	Dashed bool
	Values []float64 // by the chart's labels
}

// A Range is a surface between two lines, such as where a forecast lies.
type Range struct {
	Low, High []float64 // by the chart's labels, NaN where there is none
}

// Times is a time chart.
type Times struct {
	Title, Text string
	Labels      []string // of the steps of time, evenly apart
	Series      []Series
	Fan         *Range
	// Low and High are a band across, such as a target; 0 where there is none.
	Low, High float64
	BandNote  string
	// URLs, by the labels, lead from a step of time to what it counts, and Words say
	// what that is; empty: nowhere.
	URLs, Words []string
}

// Draw draws the chart at the given width.
func (t Times) Draw(width float64) Drawing {
	const bottom, lineHeight = 28, 18
	keys, lines := t.legend(width)
	top, height := 12+lineHeight*float64(lines), 242+lineHeight*float64(lines)
	d := Drawing{Title: t.Title, Text: t.Text, Width: width, Height: height}
	most := t.High
	each := func(f func(v float64)) {
		for _, s := range t.Series {
			for _, v := range s.Values {
				f(v)
			}
		}
		if t.Fan != nil {
			for _, v := range t.Fan.High {
				f(v)
			}
		}
	}
	each(func(v float64) {
		if !math.IsNaN(v) {
			most = max(most, v)
		}
	})
	ticks := ticksTo(most)
	most = ticks[len(ticks)-1]
	left := wide(compact(most)) + 8
	n := max(len(t.Labels)-1, 1)
	x := func(i int) float64 { return left + (width-left-4)*float64(i)/float64(n) }
	y := func(v float64) float64 { return top + (height-bottom-top)*(1-v/most) }
	if t.High > 0 {
		d.rect(Band, left, y(t.High), width-left-4, max(y(t.Low)-y(t.High), 1.5))
	}
	for _, v := range ticks {
		d.line(Line, 1, Point{left, y(v)}, Point{width - 4, y(v)})
		d.text(Soft, left-6, y(v)+4, "end", compact(v))
	}
	if t.Fan != nil {
		var up, down []Point
		for i := range t.Labels {
			if !math.IsNaN(t.Fan.Low[i]) {
				up = append(up, Point{x(i), y(min(t.Fan.High[i], most))})
				down = append([]Point{{x(i), y(min(t.Fan.Low[i], most))}}, down...)
			}
		}
		if len(up) > 1 {
			d.area(Fan, append(up, down...)...)
		}
	}
	for _, s := range t.Series {
		var run []Point
		flush := func() {
			switch len(run) {
			case 0:
			case 1:
				d.rect(s.Tone, run[0].X-2, run[0].Y-2, 4, 4)
			default:
				d.line(s.Tone, 2.5, run...).dashed = s.Dashed
			}
			run = nil
		}
		for i, v := range s.Values {
			if math.IsNaN(v) {
				flush()
				continue
			}
			run = append(run, Point{x(i), y(v)})
		}
		flush()
	}
	half := (x(1) - x(0)) / 2
	for i, url := range t.URLs {
		if url != "" {
			from, to := max(x(i)-half, left), min(x(i)+half, width)
			m := d.rect(Hit, from, top, to-from, height-bottom-top)
			m.href, m.tooltip, m.unseen = url, t.Words[i], true
		}
	}
	every := max(int(math.Ceil(float64(len(t.Labels))*wide("00 September")/(width-left))), 1)
	place := func(i int) (anchor string, begin, end float64) {
		w := wide(t.Labels[i])
		switch {
		case i == 0:
			return "start", x(i), x(i) + w
		case x(i)+w/2 > width:
			return "end", x(i) - w, x(i)
		}
		return "middle", x(i) - w/2, x(i) + w/2
	}
	const apart = 8
	last, until := len(t.Labels)-1, width // the last label is always there, others where it leaves room
	if last > 0 {
		anchor, begin, _ := place(last)
		d.text(Soft, x(last), height-8, anchor, t.Labels[last])
		until = begin - apart
	}
	free := 0.0 // where the next label may begin
	for i := 0; i < max(last, 1) && i <= last; i += every {
		anchor, begin, end := place(i)
		if begin < free || end > until {
			continue
		}
		free = end + apart
		d.text(Soft, x(i), height-8, anchor, t.Labels[i])
	}
	for _, k := range keys {
		at := lineHeight * float64(k.line)
		if k.series == nil {
			d.rect(Band, k.x, at+4, 12, 12)
			d.text(Ink, k.x+17, at+14, "start", t.BandNote)
			continue
		}
		d.line(k.series.Tone, 3, Point{k.x, at + 10}, Point{k.x + 14, at + 10}).dashed = k.series.Dashed
		d.text(Ink, k.x+19, at+14, "start", k.series.Name)
	}
	d.Head = []string{"Day"}
	for _, s := range t.Series {
		d.Head = append(d.Head, s.Name)
	}
	if t.Fan != nil {
		d.Head = append(d.Head, "At least", "At most")
	}
	for i, label := range t.Labels {
		row := []string{label}
		for _, s := range t.Series {
			row = append(row, cell(s.Values[i]))
		}
		if t.Fan != nil {
			row = append(row, cell(t.Fan.Low[i]), cell(t.Fan.High[i]))
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

// A key is one entry of a legend; without a series it is the band's.
type key struct {
	series *Series
	x      float64
	line   int
}

// legend lays the legend out in as many lines as the width asks for.
func (t Times) legend(width float64) (keys []key, lines int) {
	at, line := 0.0, 0
	add := func(s *Series, mark float64, name string) {
		if at > 0 && at+mark+wide(name) > width {
			at, line = 0, line+1
		}
		keys = append(keys, key{s, at, line})
		at += mark + wide(name) + 19
	}
	for i := range t.Series {
		add(&t.Series[i], 19, t.Series[i].Name)
	}
	if t.High > 0 && t.BandNote != "" {
		add(nil, 17, t.BandNote)
	}
	return keys, line + 1
}

func cell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
}

// ticksTo are the four or so round values of an axis from 0 to at least most.
func ticksTo(most float64) []float64 {
	if most <= 0 {
		most = 1
	}
	step := math.Pow10(int(math.Floor(math.Log10(most / 4))))
	for _, k := range []float64{1, 2, 2.5, 5, 10} {
		if k*step*4 >= most*0.999 {
			step *= k
			break
		}
	}
	step = max(step, 1)
	ticks := []float64{0}
	for v := step; ; v += step {
		ticks = append(ticks, v)
		if v >= most*0.999 {
			return ticks
		}
	}
}

// compact writes a number in as few letters as an axis has room for.
func compact(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(math.Round(v/1e4)/100, 'f', -1, 64) + "M"
	case v >= 1e4:
		return strconv.FormatFloat(math.Round(v/100)/10, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
