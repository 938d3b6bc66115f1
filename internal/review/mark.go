package review

import (
	"math"
	"time"

	"github.com/google/uuid"
)

// A mark is where one reviewer is on one shelf in one order.
type mark struct {
	reviewer              uuid.UUID
	order                 Order
	category, subcategory string
}

// A place is a position in a shelf: rank is minus the suspicion, or 0 where the
// order is by age. set is when it was noted.
type place struct {
	rank int16
	id   uuid.UUID
	set  time.Time
}

// start is before everything.
var start = place{rank: math.MinInt16}

const (
	// maxMarks bounds the memory of the hints; beyond it they are forgotten.
	maxMarks = 10_000
	// maxMarkAge is when a claim begins at the start again, so that something more
	// suspicious that came in meanwhile does not wait for the end of the shelf.
	maxMarkAge = time.Minute
)

// watermark returns where the reviewer is, and whether that is past the start.
func (s *Service) watermark(m mark) (place, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.marks[m]
	if !ok || time.Since(p.set) > maxMarkAge {
		return start, false
	}
	return place{rank: p.rank, id: p.id}, true
}

// setWatermark notes a place. It keeps the time of the mark that it moves on.
func (s *Service) setWatermark(m mark, p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.marks) >= maxMarks {
		clear(s.marks)
	}
	p.set = time.Now()
	if was, ok := s.marks[m]; ok && time.Since(was.set) <= maxMarkAge {
		p.set = was.set
	}
	s.marks[m] = p
}
