package dedup

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/postgres"
)

// A keyFilter says of most keys that are not in the database yet that they are
// not, without a look: a Bloom filter. In what people say, nineteen keys of
// twenty are nobody else's, and looking them up was a quarter of a large scan.
type keyFilter struct{ bloom *bloom.BloomFilter }

const (
	// filterErrors is the share of new keys that are looked up all the same.
	filterErrors = 0.01
	// filterWorth is how many keys may be read to save the looking-up of one
	// waiting example's: reading a key in order costs a twelfth of finding one.
	filterWorth = 40
	// keysEach is how many keys an example has at most in the estimate of the
	// filter's size; more cost memory nowhere, only a few looks.
	keysEach = 5
	// filterQueue bounds the estimate of what waits.
	filterQueue = 5_000_000
	keysAtOnce  = 100_000
)

// add puts a key in and says whether it may have been there before.
func (f *keyFilter) add(key uint64) bool {
	return f.bloom.TestAndAdd(binary.LittleEndian.AppendUint64(make([]byte, 0, 8), key))
}

// shared says whether somebody else may have the key of an example that is being
// settled. Of two examples with a key, at least the later one gets true.
func (s *Service) shared(key uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.filter == nil || s.filter.add(key)
}

func (s *Service) dropFilter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filter = nil
}

// buildFilter reads the keys that there are, where so many examples wait that
// this is worth it. It holds the lock of those that change keys meanwhile, and
// leaves word that what they do next has to pass through the filter: whoever
// else writes makes the filter void (WriteDuplicates).
func (s *Service) buildFilter(ctx context.Context) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		if err := s.lock(ctx, q); err != nil {
			return err
		}
		waiting, err := q.CountQueuedDuplicates(ctx, s.dataset, filterQueue)
		if err != nil {
			return fmt.Errorf("count what waits: %w", err)
		}
		there, err := q.EstimateDuplicateKeys(ctx)
		if err != nil {
			return fmt.Errorf("estimate the keys: %w", err)
		}
		if waiting*filterWorth < there {
			return nil
		}
		if _, err := q.WriteDuplicates(ctx, s.dataset, s.writer); err != nil {
			return fmt.Errorf("note the writer: %w", err)
		}
		f := &keyFilter{bloom.NewWithEstimates(uint(there+keysEach*waiting), filterErrors)}
		for after := int64(math.MinInt64); ; {
			keys, err := q.DuplicateKeysAfter(ctx, after, keysAtOnce)
			if err != nil {
				return fmt.Errorf("read keys: %w", err)
			}
			if len(keys) == 0 {
				break
			}
			for _, k := range keys {
				f.add(uint64(k))
			}
			after = keys[len(keys)-1]
		}
		s.mu.Lock()
		s.filter = f
		s.mu.Unlock()
		return nil
	})
}
