package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	// sealBatch and verifyBatch bound the memory of one step.
	sealBatch   = 1000
	verifyBatch = 1000
	// maxProblems bounds a Report; the counts go on.
	maxProblems = 100
	// atLayout is how a time goes into the hash: UTC, to the microsecond that
	// Postgres keeps.
	atLayout = "2006-01-02T15:04:05.000000Z"
)

// A Head names a place in the chain. Written down outside the database, it
// makes a chain that was cut short, or made anew as a whole, visible too.
type Head struct {
	Seq  int64 // 1 is the first; 0: nothing is sealed yet
	Hash [sha256.Size]byte
}

// String returns the head as "seq:hash" with the hash in hexadecimal, as
// ParseHead reads it.
func (h Head) String() string {
	return strconv.FormatInt(h.Seq, 10) + ":" + hex.EncodeToString(h.Hash[:])
}

// ParseHead reads what Head.String wrote. Anything else is fault.Invalid.
func ParseHead(s string) (Head, error) {
	var h Head
	seq, hash, ok := strings.Cut(strings.TrimSpace(s), ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if raw, herr := hex.DecodeString(hash); !ok || err != nil || n < 0 || herr != nil || copy(h.Hash[:], raw) != len(h.Hash) || len(raw) != len(h.Hash) {
		return Head{}, fault.New(fault.Invalid, "%q is not a head of the record. It looks like 42:9f86d0…, with 64 hexadecimal digits.", s)
	}
	h.Seq = n
	return h, nil
}

// HeadHash returns the newest place of the chain. Before the first seal it is
// the zero Head.
func HeadHash(ctx context.Context, q db.DBTX) (Head, error) {
	row, err := db.New(q).AuditHead(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read the head of the record: %w", err)
	}
	h := Head{Seq: row.Seq}
	copy(h.Hash[:], row.Hash)
	return h, nil
}

// Seal puts all entries that are not sealed yet at the end of the chain, by id,
// and returns how many. An entry that is committed later than others with
// greater ids is sealed later: the order of the chain is the order of sealing.
// Sealers that run at once take turns. Each batch is a transaction of its own,
// so an error leaves a whole, shorter chain.
func Seal(ctx context.Context, b postgres.Beginner) (int, error) {
	var sealed int
	for {
		var n, taken int
		err := postgres.InTx(ctx, b, func(tx pgx.Tx) error {
			var err error
			n, taken, err = sealOnce(ctx, tx)
			return err
		})
		if err != nil {
			return sealed, fmt.Errorf("seal the record: %w", err)
		}
		sealed += n
		if taken < sealBatch {
			return sealed, nil
		}
	}
}

// sealOnce returns how many entries it sealed, and how many it took from the
// queue.
func sealOnce(ctx context.Context, tx pgx.Tx) (sealed, taken int, err error) {
	q := db.New(tx)
	if err := q.LockAuditChain(ctx); err != nil {
		return 0, 0, err
	}
	head, err := HeadHash(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	rows, err := q.UnsealedAuditEntries(ctx, sealBatch)
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	var p db.InsertAuditSealsParams
	done := make([]uuid.UUID, 0, len(rows))
	for _, r := range rows {
		done = append(done, r.AuditLog.ID)
		if r.Sealed {
			continue
		}
		next := Head{Seq: head.Seq + 1, Hash: link(head.Hash[:], r.AuditLog)}
		p.Seqs = append(p.Seqs, next.Seq)
		p.EntryIds = append(p.EntryIds, r.AuditLog.ID)
		p.Previous = append(p.Previous, bytes.Clone(head.Hash[:]))
		p.Hashes = append(p.Hashes, bytes.Clone(next.Hash[:]))
		head = next
	}
	if err := q.InsertAuditSeals(ctx, p); err != nil {
		return 0, 0, err
	}
	return len(p.Seqs), len(rows), q.DeleteUnsealedAuditEntries(ctx, done)
}

// link is SHA-256 over the previous hash (32 bytes, zero for the first entry)
// and the entry's fields, each written as a netstring, "length:bytes,", in the
// order id, dataset, at, actor id, actor, action, object, detail. Ids that are
// absent are empty. The lengths make it impossible to move bytes from one field
// to the next without changing the hash.
func link(previous []byte, r db.AuditLog) [sha256.Size]byte {
	buf := append(make([]byte, 0, 512+len(r.Detail)), previous...)
	for _, field := range []string{
		r.ID.String(), idText(r.DatasetID), r.At.UTC().Format(atLayout), idText(r.ActorID),
		r.Actor, r.Action, r.Object, r.Detail,
	} {
		buf = strconv.AppendInt(buf, int64(len(field)), 10)
		buf = append(buf, ':')
		buf = append(buf, field...)
		buf = append(buf, ',')
	}
	return sha256.Sum256(buf)
}

func idText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// A Problem is one place where the record is not what was sealed.
type Problem struct {
	Seq   int64     // place in the chain
	Entry uuid.UUID // the entry sealed there, if known
	What  string    // a sentence
}

// A Report says what Verify found.
type Report struct {
	Head      Head      // the last seal there is
	Sealed    int64     // seals that were read
	FirstBad  int64     // the first place that does not hold; 0: all hold
	Altered   int64     // entries that are not what was sealed
	Missing   int64     // sealed entries, or seals, that are gone
	Vanished  int64     // entries that were removed before they were sealed
	Unsealed  int64     // entries that wait for the sealer; no fault in itself
	Problems  []Problem // the first hundred
	Truncated bool      // there are more problems than Problems holds
}

// OK says whether everything that was sealed is as it was and nothing is gone.
func (r Report) OK() bool {
	return r.FirstBad == 0 && r.Altered == 0 && r.Missing == 0 && r.Vanished == 0
}

// Verify walks the chain from its start and computes every hash anew. Heads
// that were written down earlier, if given, must be on the chain with the same
// hash. Memory is bounded however long the record is. It only reads, and may
// run while others write and seal. The error is for a database that does not
// answer; what is wrong with the record is in the Report.
func Verify(ctx context.Context, q db.DBTX, known ...Head) (Report, error) {
	rep, err := verify(ctx, db.New(q), known)
	if err != nil {
		return rep, fmt.Errorf("verify the record: %w", err)
	}
	return rep, nil
}

func verify(ctx context.Context, q *db.Queries, known []Head) (Report, error) {
	var rep Report
	for {
		rows, err := q.AuditChain(ctx, rep.Head.Seq, verifyBatch)
		if err != nil {
			return rep, err
		}
		for _, row := range rows {
			rep.step(row)
		}
		if len(rows) < verifyBatch {
			break
		}
	}
	for _, h := range known {
		hash, err := q.AuditSealAt(ctx, h.Seq)
		switch {
		case h.Seq == 0: // written down before there was anything
		case errors.Is(err, pgx.ErrNoRows):
			rep.Missing++
			rep.bad(h.Seq, uuid.Nil, "The chain was at least this long once and is shorter now.")
		case err != nil:
			return rep, err
		case !bytes.Equal(hash, h.Hash[:]):
			rep.Altered++
			rep.bad(h.Seq, uuid.Nil, "The chain had another hash here once: it was made anew.")
		}
	}
	var err error
	if rep.Vanished, err = q.CountVanishedAuditEntries(ctx); err != nil {
		return rep, err
	}
	rep.Unsealed, err = q.CountUnsealedAuditEntries(ctx)
	return rep, err
}

// step compares one seal with the one before it and with its entry. It goes on
// with the hash that is stored, so that one altered entry is one problem and
// not as many as follow it.
func (r *Report) step(row db.AuditChainRow) {
	if gap := row.Seq - r.Head.Seq - 1; gap > 0 {
		r.Missing += gap
		r.bad(r.Head.Seq+1, uuid.Nil, fmt.Sprintf("%d seals are missing here.", gap))
	} else if !bytes.Equal(row.Previous, r.Head.Hash[:]) {
		r.Altered++
		r.bad(row.Seq, row.EntryID, "The seal does not continue the one before it.")
	}
	if row.PresentID == nil {
		r.Missing++
		r.bad(row.Seq, row.EntryID, "The entry was removed.")
	} else if got := link(row.Previous, entry(row)); !bytes.Equal(got[:], row.Hash) {
		r.Altered++
		r.bad(row.Seq, row.EntryID, "The entry is not what was sealed.")
	}
	r.Sealed++
	r.Head.Seq = row.Seq
	r.Head.Hash = [sha256.Size]byte{}
	copy(r.Head.Hash[:], row.Hash)
}

func (r *Report) bad(seq int64, id uuid.UUID, what string) {
	if r.FirstBad == 0 || seq < r.FirstBad {
		r.FirstBad = seq
	}
	if len(r.Problems) == maxProblems {
		r.Truncated = true
		return
	}
	r.Problems = append(r.Problems, Problem{Seq: seq, Entry: id, What: what})
}

func entry(row db.AuditChainRow) db.AuditLog {
	return db.AuditLog{
		ID: *row.PresentID, DatasetID: row.DatasetID, At: value(row.At), ActorID: row.ActorID,
		Actor: value(row.Actor), Action: value(row.Action), Object: value(row.Object), Detail: value(row.Detail),
	}
}

func value[T string | time.Time](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
