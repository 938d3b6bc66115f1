package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/chart"
)

const hostile = "<script>alert('1')</script>\" onload=\"x\x00\xff"

func drawings() map[string]chart.Drawing {
	return map[string]chart.Drawing{
		"bars": chart.Bars(hostile, hostile, 340, []chart.Bar{
			{Label: hostile + strings.Repeat(" long", 50), URL: "/examples?q=" + hostile, Note: hostile, Low: 3, High: 9, Pieces: []chart.Piece{{Tone: chart.Approved, Value: 5, Words: hostile, URL: "/x"}, {Tone: chart.Pending, Value: 0}}},
			{Label: "none"},
		}),
		"columns": chart.Columns(hostile, "", 720, []string{"a", "b"}, []chart.Column{{Label: hostile, Value: 1e9, Note: hostile}, {Value: 1}, {}}),
		"times": chart.Times{
			Title: hostile, Labels: []string{"1 Jan 2026", "2 Jan 2026", "3 Jan 2026"}, Low: 3, High: 9, BandNote: hostile,
			Series: []chart.Series{{Name: hostile, Tone: chart.Approved, Values: []float64{1, math.NaN(), 3}}, {Name: "b", Tone: chart.Pending, Dashed: true, Values: []float64{1, 2, 3}}},
			Fan:    &chart.Range{Low: []float64{math.NaN(), 1, 2}, High: []float64{math.NaN(), 3, 4}},
		}.Draw(720),
		"nothing": chart.Times{}.Draw(340),
		"no bars": chart.Bars("", "", 340, nil),
	}
}

// TestDrawingsAreWhole reads every form of every drawing back: what the data says is
// text in it and nothing else.
func TestDrawingsAreWhole(t *testing.T) {
	t.Parallel()
	for name, d := range drawings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			if err := d.SVG(&file); err != nil {
				t.Fatal(err)
			}
			for form, text := range map[string]string{"inline": d.Inline(), "file": file.String()} {
				for dec := xml.NewDecoder(strings.NewReader(text)); ; {
					token, err := dec.Token()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatalf("%s: %v\n%s", form, err, text)
					}
					el, ok := token.(xml.StartElement)
					if !ok {
						continue
					}
					if el.Name.Local == "script" || form == "file" && el.Name.Local == "a" {
						t.Errorf("%s has an element %s", form, el.Name.Local)
					}
					for _, a := range el.Attr {
						if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || strings.Contains(a.Value, "NaN") {
							t.Errorf("%s has %s=%q", form, a.Name.Local, a.Value)
						}
					}
				}
			}
			var picture bytes.Buffer
			if err := d.PNG(&picture); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&picture)
			if err != nil || img.Bounds().Dx() < int(2*d.Width) {
				t.Errorf("PNG: %v, %v", img, err)
			}
		})
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	d := chart.Drawing{Head: []string{"what", "how many"}, Rows: [][]string{{"=HYPERLINK(1)", "-3"}, {"+x", "1"}, {"a,\"b", ""}}}
	if err := d.CSV(&b); err != nil {
		t.Fatal(err)
	}
	if want := "what,how many\n'=HYPERLINK(1),-3\n'+x,1\n\"a,\"\"b\",\n"; b.String() != want {
		t.Errorf("CSV() = %q, want %q", b.String(), want)
	}
}

// TestLettersWithoutFont draws words of many scripts: a PNG says below the drawing
// where it has boxes in place of letters, and only then.
func TestLettersWithoutFont(t *testing.T) {
	t.Parallel()
	for words, boxes := range map[string]bool{
		"Rückenschmerz, ‘dull’ – ≤ 3": false, "Приседания": false, "Κάθισμα": false, "深蹲 12": true, "스쿼트": true, "🏋 squat": true,
	} {
		d := chart.Bars("Examples", "", 340, []chart.Bar{{Label: words, Note: "5", Pieces: []chart.Piece{{Tone: chart.Approved, Value: 5}}}})
		var picture bytes.Buffer
		if err := d.PNG(&picture); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&picture)
		if err != nil {
			t.Fatal(err)
		}
		said := false
		for y := img.Bounds().Max.Y - 30; y < img.Bounds().Max.Y; y++ { // the lower margin
			for x := range img.Bounds().Max.X {
				r, g, b, _ := img.At(x, y).RGBA()
				said = said || r+g+b < 3*0x9000
			}
		}
		if said != boxes {
			t.Errorf("%q: the picture says that it has boxes: %v, want %v", words, said, boxes)
		}
	}
}

// TestTimesSayWhereTheyEnd draws charts as narrow as a phone's: the axis says the last
// day, and the legend takes another line before it leaves the target out.
func TestTimesSayWhereTheyEnd(t *testing.T) {
	t.Parallel()
	for _, width := range []float64{300, 340, 720} {
		for days := range 40 {
			c := chart.Times{Series: []chart.Series{{Name: "approved", Tone: chart.Approved}, {Name: "rejected", Tone: chart.Rejected}}, Low: 2, High: 4, BandNote: "a target of 2 to 4 a day"}
			for i := range days {
				c.Labels = append(c.Labels, "day "+strconv.Itoa(i+1))
			}
			for i := range c.Series {
				c.Series[i].Values = make([]float64, days)
			}
			drawn := c.Draw(width).Inline()
			if days > 0 && !strings.Contains(drawn, ">day "+strconv.Itoa(days)+"<") || !strings.Contains(drawn, c.BandNote) {
				t.Fatalf("%d days at %v lack the last one or the target\n%s", days, width, drawn)
			}
		}
	}
}
