package draw

import "sync"

// schemas keeps what JSON Schemas were read into: reading one takes longer than
// drawing an answer by it, and a page of a list draws fifty.
type schemas struct {
	mu     sync.Mutex
	parsed map[string]value // by the schema's text
}

// maxSchemas bounds what is kept. A catalog has some ten; those of older versions
// go when there are too many.
const maxSchemas = 200

// read parses a schema, or finds it parsed. One that is no JSON is the zero value.
// A nil *schemas keeps nothing.
func (s *schemas) read(schema []byte) value {
	if s == nil {
		v, _ := parse(string(schema))
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.parsed[string(schema)]
	if !ok {
		v, _ = parse(string(schema))
		if len(s.parsed) == maxSchemas {
			clear(s.parsed)
		}
		s.parsed[string(schema)] = v
	}
	return v
}
