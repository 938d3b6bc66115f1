package llama3

import "sync"

// A Tokenizer encodes text as Llama 3 does: byte pair encoding within the
// pieces that a split pattern cuts, without normalisation. It may be used by
// several goroutines at once; all of them should share one, as it holds some
// 6 MB of tables.
//
// Text need not be valid UTF-8. A byte that is not part of a valid character
// is split off like the replacement character U+FFFD would be, but encoded as
// itself, so that no byte is lost.
//
// Letters, numbers and white space are those of the Unicode version of the Go
// release; a character assigned later than that may be split differently
// elsewhere.
type Tokenizer struct {
	vocabulary *vocabulary
	classes    *classes
	workers    sync.Pool // of *worker
}

// manyKept is the length of piece, in bytes, whose working memory is kept.
const manyKept = 1 << 16

// A worker is the working memory of one call at a time.
type worker struct {
	merger
	memo memo
}

// New reads the embedded vocabulary, which takes some tens of milliseconds.
// It fails only if the program was built with a damaged vocabulary.
func New() (*Tokenizer, error) {
	v, err := readVocabulary()
	if err != nil {
		return nil, err
	}
	return &Tokenizer{
		vocabulary: v,
		classes:    newClasses(),
		workers:    sync.Pool{New: func() any { return new(worker) }},
	}, nil
}

// Count returns the number of tokens of s as ordinary text: the length of what
// AppendIDs would append. It does not allocate, but for working memory that it
// uses again.
func (t *Tokenizer) Count(s string) int {
	w := t.workers.Get().(*worker)
	total := 0
	for i := 0; i < len(s); {
		j := t.classes.next(s, i)
		if j-i > memoLen {
			total += t.countPiece(w, s[i:j])
			i = j
			continue
		}
		key := newMemoKey(s, i, j)
		slot := w.memo.slot(key)
		n := slot.count(key)
		if n == 0 {
			n = t.countPiece(w, s[i:j])
			slot.set(key, n)
		}
		total += n
		i = j
	}
	t.release(w)
	return total
}

// release gives w back for the next call.
func (t *Tokenizer) release(w *worker) {
	if cap(w.many) > manyKept {
		w.merger = merger{} // one giant piece must not hold its memory for ever
	}
	t.workers.Put(w)
}

// countPiece returns the number of tokens of a piece.
func (t *Tokenizer) countPiece(w *worker, piece string) int {
	if t.vocabulary.id(piece) != none {
		return 1
	}
	return len(w.merge(t.vocabulary, piece))
}

// AppendIDs appends the ids of the tokens of s to dst and returns it. Special
// tokens spelt out in s are ordinary text, as in Meta's own encoder.
func (t *Tokenizer) AppendIDs(dst []int32, s string) []int32 {
	w := t.workers.Get().(*worker)
	for i := 0; i < len(s); {
		j := t.classes.next(s, i)
		if id := t.vocabulary.id(s[i:j]); id != none {
			dst = append(dst, id)
		} else {
			dst = append(dst, w.merge(t.vocabulary, s[i:j])...)
		}
		i = j
	}
	t.release(w)
	return dst
}

// AppendEncoded appends the ids of the tokens of a rendered conversation to
// dst and returns it. As the Hugging Face tokenizer does, it takes every
// special token spelt out in s for that token. It adds no token of its own:
// the text of AppendHF and AppendPlain begins with <|begin_of_text|> already.
func (t *Tokenizer) AppendEncoded(dst []int32, s string) []int32 {
	for {
		r, ok := nextKnown(s)
		if !ok {
			return t.AppendIDs(dst, s)
		}
		dst = t.AppendIDs(dst, s[:r.Start])
		dst = append(dst, r.ID)
		s = s[r.End:]
	}
}

// CountEncoded returns the length of what AppendEncoded would append.
func (t *Tokenizer) CountEncoded(s string) int {
	n := 0
	for {
		r, ok := nextKnown(s)
		if !ok {
			return n + t.Count(s)
		}
		n += t.Count(s[:r.Start]) + 1
		s = s[r.End:]
	}
}
