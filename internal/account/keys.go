package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/jackc/pgx/v5"

	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/db"
	"github.com/voicefit/spotter/internal/postgres"
)

const (
	// keysName is the row of secrets that holds the keys cookies are signed
	// with: the newest, then the one before it.
	keysName  = "cookie-keys"
	keyLength = 32
	keysKept  = 2
	// keysFresh is how long a server may go on signing with keys that another
	// one has replaced. It must be short against the time between rotations.
	keysFresh = time.Minute
)

// keyring is the keys as they were read last.
type keyring struct {
	mu     sync.Mutex
	codecs []securecookie.Codec
	readAt time.Time
}

// codecs returns what signs and reads cookies, the newest key first. The keys
// come from the database, where the first server that needs them makes them.
// With anew they are read again, however fresh.
func (s *Service) codecs(ctx context.Context, anew bool) ([]securecookie.Codec, error) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if !anew && s.keys.codecs != nil && s.now().Sub(s.keys.readAt).Abs() < keysFresh {
		return s.keys.codecs, nil
	}
	q := db.New(s.db)
	if s.keys.codecs == nil {
		if err := q.InsertSecret(ctx, keysName, newKey()); err != nil {
			return nil, fmt.Errorf("make cookie keys: %w", err)
		}
	}
	value, err := q.Secret(ctx, keysName)
	if err != nil {
		return nil, fmt.Errorf("read cookie keys: %w", err)
	}
	if len(value) == 0 || len(value)%keyLength != 0 {
		return nil, fmt.Errorf("read cookie keys: %d bytes are no whole number of keys", len(value))
	}
	var codecs []securecookie.Codec
	for len(value) > 0 {
		// The id is random and means nothing, so signing is enough. The age
		// limit is off: the session's row knows better.
		codecs = append(codecs, securecookie.New(value[:keyLength:keyLength], nil).MaxAge(0).SetSerializer(securecookie.NopEncoder{}))
		value = value[keyLength:]
	}
	s.keys.codecs, s.keys.readAt = codecs, s.now()
	return codecs, nil
}

func newKey() []byte {
	key := make([]byte, keyLength)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return key
}

// RotateCookieKeys makes a new key for signing cookies and keeps the one before
// it for reading. Sessions that were signed with a key two rotations old end.
// Do not rotate twice within the seven days a session may last, unless they are
// meant to end.
func (s *Service) RotateCookieKeys(ctx context.Context, by audit.Actor) error {
	if _, err := s.codecs(ctx, true); err != nil { // there is a first one
		return fmt.Errorf("rotate cookie keys: %w", err)
	}
	err := postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		q := db.New(tx)
		old, err := q.LockSecret(ctx, keysName)
		if err != nil {
			return err
		}
		value := bytes.Join([][]byte{newKey(), old}, nil)
		if err := q.SetSecret(ctx, value[:min(len(value), keysKept*keyLength)], s.now(), keysName); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Actor: by, Action: ActionKeysRotate})
	})
	if err == nil {
		_, err = s.codecs(ctx, true)
	}
	if err != nil {
		return fmt.Errorf("rotate cookie keys: %w", err)
	}
	return nil
}
