package sample

import "strconv"

// object writes a JSON object (or array) by appending. The answers are built
// with it and not by reflection because that is several times faster and keeps
// the order of keys as written here.
type object struct {
	b     []byte
	first bool
}

func newObject() *object { return &object{b: append(make([]byte, 0, 1024), '{'), first: true} }

// key starts a member.
func (o *object) key(k string) *object {
	o.comma()
	o.b = appendString(o.b, k, false)
	o.b = append(o.b, ':', ' ')
	o.first = true
	return o
}

// comma separates members; it writes nothing before the first one or after a
// key.
func (o *object) comma() {
	if !o.first {
		o.b = append(o.b, ',', ' ')
	}
	o.first = false
}

// raw writes JSON text as a value.
func (o *object) raw(s string) *object {
	o.comma()
	o.b = append(o.b, s...)
	return o
}

func (o *object) str(s string) *object {
	o.comma()
	o.b = appendString(o.b, s, false)
	return o
}

func (o *object) int(n int) *object { return o.raw(strconv.Itoa(n)) }

// hundredths writes n/100.
func (o *object) hundredths(n int) *object { return o.raw(decimal(n, 100)) }

func (o *object) strs(ss []string) *object {
	o.open('[')
	for _, s := range ss {
		o.str(s)
	}
	return o.close(']')
}

// open starts a nested object or array; close ends it.
func (o *object) open(c byte) *object {
	o.comma()
	o.b = append(o.b, c)
	o.first = true
	return o
}

func (o *object) close(c byte) *object {
	o.b = append(o.b, c)
	o.first = false
	return o
}

// end closes the outermost object and returns the text.
func (o *object) end() string { return string(append(o.b, '}')) }
