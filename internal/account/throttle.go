package account

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/postgres"
)

// The throttle counts failed sign-ins of the last quarter of an hour in three
// ways:
//
//   - one account from one address: 5. This stops somebody who guesses one
//     person's password, and costs that person nothing anywhere else.
//   - one address, whatever the account: 50. This stops somebody who tries one
//     password on everybody, and leaves room for an office behind one address.
//   - one account, from everywhere: 100. This stops many machines that share the
//     work. Only addresses that the user has never been signed in from are held
//     back, so the person is not locked out where they usually work by whoever
//     wants to annoy them.
//
// What is refused is not counted, so a window always empties, and somebody who
// goes on trying does not make it longer. An attempt is counted before its
// password is looked at and taken back if it was right: otherwise a hundred
// guesses sent at once would all see a count of nothing. A right password
// forgets the failures of the account from its address, not those of the
// address, or an attacker could use an account of their own to start anew.
const (
	failureWindow     = 15 * time.Minute
	failuresPerPair   = 5
	failuresPerHost   = 50
	failuresPerPerson = 100

	failuresKept  = 24 * time.Hour
	addressesRead = 200 // of one user; more than anybody has in a month
)

// attemptKeys are what an attempt is counted under. The database sees hashes
// only: people type passwords into the field for the address.
type attemptKeys struct{ pair, host, person string }

func keysOf(email, address string) attemptKeys {
	email, address = strings.ToLower(email), network(address)
	key := func(parts ...string) string {
		return hex.EncodeToString(hashSecret([]byte(strings.Join(parts, "\x00"))))
	}
	return attemptKeys{
		pair:   key("pair", email, address),
		host:   key("host", address),
		person: key("person", email),
	}
}

// network returns what one customer of a provider has: an IPv4 address, or the
// first half of an IPv6 address, in which they can choose the rest.
func network(address string) string {
	a, err := netip.ParseAddr(hostOf(address))
	if err != nil {
		return address
	}
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// admit counts an attempt and lets it pass, or refuses it with fault.TooMany and
// when to try again. It returns the time under which the attempt is counted.
func (s *Service) admit(ctx context.Context, email, address string) (time.Time, error) {
	now := s.now().Truncate(time.Microsecond) // as Postgres keeps it, to find the row again
	k := keysOf(email, address)
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		// The order, account before address, is the same for all: no deadlock.
		for _, key := range []string{k.person, k.host} {
			if err := q.LockLoginKey(ctx, key); err != nil {
				return fmt.Errorf("lock the throttle: %w", err)
			}
		}
		for _, limit := range []struct {
			key     string
			allowed int32
			msg     string
		}{
			{k.pair, failuresPerPair, "Too many failed sign-ins. Try again %s, or ask an admin for a new password."},
			{k.host, failuresPerHost, "Too many failed sign-ins from your address. Try again %s."},
			{k.person, failuresPerPerson, "Too many failed sign-ins to this account. Try again %s, or from where you signed in before."},
		} {
			at, err := q.BlockingLoginFailure(ctx, limit.key, now.Add(-failureWindow), limit.allowed-1)
			if errors.Is(err, pgx.ErrNoRows) {
				continue
			}
			if err != nil {
				return fmt.Errorf("read the throttle: %w", err)
			}
			if limit.key == k.person {
				known, err := knownAddress(ctx, q, email, address)
				if err != nil {
					return err
				}
				if known {
					continue
				}
			}
			return fault.New(fault.TooMany, limit.msg, inMinutes(at.Add(failureWindow).Sub(now)))
		}
		for _, key := range []string{k.pair, k.host, k.person} {
			if err := q.InsertLoginFailure(ctx, key, now); err != nil {
				return fmt.Errorf("count the attempt: %w", err)
			}
		}
		return nil
	})
	return now, err
}

// forgive takes an attempt back whose password was right, in the transaction
// that acts on it.
func forgive(ctx context.Context, tx pgx.Tx, email, address string, at time.Time) error {
	q, k := db.New(tx), keysOf(email, address)
	if err := q.DeleteLoginFailures(ctx, k.pair); err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", err)
	}
	for _, key := range []string{k.person, k.host} {
		if err := q.DeleteLoginFailure(ctx, key, at); err != nil {
			return fmt.Errorf("take the attempt back: %w", err)
		}
	}
	return nil
}

// knownAddress says whether the user has been signed in from the address, or
// its network, within the time sessions are remembered.
func knownAddress(ctx context.Context, q *db.Queries, email, address string) (bool, error) {
	u, err := q.UserByEmail(ctx, email)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read user by email: %w", err)
	}
	addresses, err := q.SessionAddresses(ctx, u.ID, addressesRead)
	if err != nil {
		return false, fmt.Errorf("read where the user has been: %w", err)
	}
	return slices.ContainsFunc(addresses, func(a string) bool { return network(a) == network(address) }), nil
}
