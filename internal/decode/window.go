package decode

import (
	"errors"
	"io"
)

// blockBytes is the size of a window's blocks.
const blockBytes = 256 << 10

// A window is the part of a stream that is being looked at. Bytes once handed
// out are never written again: a full block is left to those who hold pieces
// of it, and what is unread moves to a new one.
type window struct {
	r      io.Reader
	buf    []byte
	start  int  // of the unread bytes in buf
	shared bool // pieces of buf were handed out
	err    error
}

// data is the unread bytes read so far.
func (w *window) data() []byte { return w.buf[w.start:] }

// drop takes n bytes off the front of data.
func (w *window) drop(n int) { w.start += n }

// share returns the first n bytes of data, to be kept by the caller.
func (w *window) share(n int) []byte {
	w.shared = true
	return w.buf[w.start : w.start+n : w.start+n]
}

// more reads further bytes. It reports false when there are none; err then
// says why.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if len(w.buf) == cap(w.buf) {
		unread := w.data()
		if !w.shared && len(unread) <= cap(w.buf)/2 && cap(w.buf) > 0 {
			w.buf = w.buf[:copy(w.buf[:cap(w.buf)], unread)]
		} else {
			fresh := make([]byte, len(unread), max(blockBytes, 2*len(unread)))
			copy(fresh, unread)
			w.buf, w.shared = fresh, false
		}
		w.start = 0
	}
	for range 100 {
		n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		if err != nil {
			w.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// failed is the error of reading, if it is not the end of the stream.
func (w *window) failed() error {
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}
