package sample

import "strconv"

// truthVersion is the version of the format of the truth file.
const truthVersion = 1

// A truthLine is one planted thing. Lines are numbered from 1.
type truthLine struct {
	line       int
	kind       kind
	of         int // line of the row that it was made from; 0 for a violation
	how        string
	rule, path string
}

func (t truthLine) append(b []byte) []byte {
	b = append(b, `{"line":`...)
	b = strconv.AppendInt(b, int64(t.line), 10)
	b = append(b, `,"kind":"`...)
	b = append(b, t.kind.String()...)
	b = append(b, '"')
	if t.of > 0 {
		b = append(b, `,"of":`...)
		b = strconv.AppendInt(b, int64(t.of), 10)
	}
	for _, kv := range [...][2]string{{"how", t.how}, {"rule", t.rule}, {"path", t.path}} {
		if kv[1] != "" {
			b = append(b, `,"`...)
			b = append(b, kv[0]...)
			b = append(b, `":`...)
			b = appendString(b, kv[1], false)
		}
	}
	return append(b, '}', '\n')
}

// appendHeader appends the first line of the truth file.
func appendHeader(b []byte, o Options) []byte {
	b = append(b, `{"kind":"header","version":`...)
	b = strconv.AppendInt(b, truthVersion, 10)
	b = append(b, `,"rows":`...)
	b = strconv.AppendInt(b, int64(o.Rows), 10)
	b = append(b, `,"seed":`...)
	b = strconv.AppendInt(b, o.Seed, 10)
	b = append(b, `,"defects":`...)
	b = strconv.AppendFloat(b, o.Defects, 'g', -1, 64)
	b = append(b, `,"categories":[`...)
	for i, c := range o.Categories {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, c, false)
	}
	return append(b, ']', '}', '\n')
}
