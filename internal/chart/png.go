package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pngScale is how many pixels a unit of a drawing has, so that a slide is sharp.
const pngScale = 2

// margin is the white edge of a PNG, in units.
const margin = 16

// box stands in a PNG for a letter that its font does not have.
const box = '□'

// boxNote says in a PNG what its boxes are.
const boxNote = "□ is a letter that this picture has no font for; the SVG of this chart has it."

// PNG writes the drawing as a picture on white, at twice its size. Words are in the
// Go font, which has Latin, Greek and Cyrillic letters: every other one is a box, and
// where there are any, a line below the drawing says so. A font with all letters is
// larger than the rest of the program.
func (d Drawing) PNG(w io.Writer) error {
	c, err := newCanvas(d)
	if err != nil {
		return fmt.Errorf("draw %s: %w", d.Title, err)
	}
	c.word(c.title, Ink, Point{0, -14}, "start", d.Title)
	for _, m := range d.marks {
		if m.unseen {
			continue
		}
		switch m.kind {
		case rect:
			a, b := m.points[0], m.points[1]
			c.fill(m.tone, []Point{a, {b.X, a.Y}, b, {a.X, b.Y}})
		case area:
			c.fill(m.tone, m.points)
		case line:
			c.line(m)
		case text:
			face := c.regular
			if m.bold {
				face = c.bold
			}
			c.word(face, m.tone, m.points[0], m.anchor, m.words)
		}
	}
	if c.boxes {
		c.word(c.regular, Soft, Point{0, d.Height + 8}, "start", boxNote)
	}
	return png.Encode(w, c.img)
}

type canvas struct {
	img                  *image.RGBA
	regular, bold, title font.Face
	boxes                bool // some letter was not in the font
}

func newCanvas(d Drawing) (*canvas, error) {
	width, height := int((d.Width+2*margin)*pngScale), int((d.Height+titleRoom+2*margin)*pngScale)
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, width, height))}
	draw.Draw(c.img, c.img.Bounds(), image.White, image.Point{}, draw.Src)
	for _, one := range []struct {
		face *font.Face
		ttf  []byte
		size float64
	}{{&c.regular, goregular.TTF, fontSize}, {&c.bold, gobold.TTF, fontSize}, {&c.title, gobold.TTF, 16}} {
		f, err := opentype.Parse(one.ttf)
		if err != nil {
			return nil, fmt.Errorf("read the font: %w", err)
		}
		if *one.face, err = opentype.NewFace(f, &opentype.FaceOptions{Size: one.size * pngScale, DPI: 72, Hinting: font.HintingFull}); err != nil {
			return nil, fmt.Errorf("size the font: %w", err)
		}
	}
	return c, nil
}

// at is where a point of the drawing lies in the picture.
func at(p Point) (x, y float32) {
	return float32((p.X + margin) * pngScale), float32((p.Y + titleRoom + margin) * pngScale)
}

func paint(t Tone) *image.Uniform {
	c := colours[t]
	return image.NewUniform(color.RGBA{c[0], c[1], c[2], 0xff})
}

func (c *canvas) fill(t Tone, points []Point) {
	r := vector.NewRasterizer(c.img.Bounds().Dx(), c.img.Bounds().Dy())
	for i, p := range points {
		x, y := at(p)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(c.img, c.img.Bounds(), paint(t), image.Point{})
}

// line draws each piece of a line as a thin rectangle, in dashes where asked for.
func (c *canvas) line(m mark) {
	for i := 1; i < len(m.points); i++ {
		a, b := m.points[i-1], m.points[i]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		if length == 0 {
			continue
		}
		ux, uy := (b.X-a.X)/length, (b.Y-a.Y)/length
		nx, ny := -uy*m.width/2, ux*m.width/2
		piece, gap := length, 0.0
		if m.dashed {
			piece, gap = 6, 4
		}
		for from := 0.0; from < length; from += piece + gap {
			to := min(from+piece, length)
			p, q := Point{a.X + ux*from, a.Y + uy*from}, Point{a.X + ux*to, a.Y + uy*to}
			c.fill(m.tone, []Point{{p.X + nx, p.Y + ny}, {q.X + nx, q.Y + ny}, {q.X - nx, q.Y - ny}, {p.X - nx, p.Y - ny}})
		}
	}
}

func (c *canvas) word(face font.Face, t Tone, p Point, anchor, words string) {
	x, y := at(p)
	words = strings.Map(func(r rune) rune {
		if _, ok := face.GlyphAdvance(r); ok {
			return r
		}
		c.boxes = true
		return box
	}, words)
	d := font.Drawer{Dst: c.img, Src: paint(t), Face: face}
	width := float32(d.MeasureString(words)) / 64
	switch anchor {
	case "middle":
		x -= width / 2
	case "end":
		x -= width
	}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}
	d.DrawString(words)
}
