package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/voicefit/spotter/internal/fault"
)

// lockPoll is how often a lock that somebody else has is tried again. flock
// itself can wait, but not for a context.
const lockPoll = 20 * time.Millisecond

// lock opens a lock file of the data directory and waits for the lock how
// (syscall.LOCK_SH or syscall.LOCK_EX) until ctx is done. The file is closed
// on exec, so no child inherits the lock.
func (c *Cluster) lock(ctx context.Context, name string, how int) (*os.File, error) {
	f, err := c.create(name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(f, how)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if ok {
			return f, nil
		}
		if !sleep(ctx, lockPoll) {
			f.Close()
			return nil, ctx.Err()
		}
	}
}

// tryLock takes or converts a lock without waiting and reports whether it got
// it. A conversion that fails may have lost the lock that was held.
func tryLock(f *os.File, how int) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}

// unlock releases a lock and closes its file; f may be nil. The explicit
// unlock matters: a child that is between fork and exec at this moment still
// has the file open. Lock files are never removed, because a lock on a removed
// file excludes nobody.
func unlock(f *os.File) {
	if f == nil {
		return
	}
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) // closing it unlocks as well
	_ = f.Close()
}

// holder is what server.lock says about the server that has it.
type holder struct {
	PID     int       `json:"pid"`
	Address string    `json:"address"`
	Since   time.Time `json:"since"`
}

// holderPatience is how long the server lock is tried for while its holder
// seems dead. A server that was killed while it started a child holds it a
// moment longer, until that child has become another program; and whoever has
// just taken it may be about to write its name.
const holderPatience = 2 * time.Second

// lockServer takes the lock that a data directory has for its one server.
func (c *Cluster) lockServer(ctx context.Context) (*os.File, error) {
	f, err := c.create("server.lock", os.O_RDWR)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; {
		ok, err := tryLock(f, syscall.LOCK_EX)
		if ok {
			err = announce(f, holder{PID: os.Getpid(), Address: c.cfg.Address, Since: time.Now().UTC()})
			if err == nil {
				return f, nil
			}
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		h := readHolder(f)
		if h.PID != 0 && alive(h.PID) || time.Since(began) > holderPatience || !sleep(ctx, lockPoll) {
			f.Close()
			return nil, c.heldBy(h)
		}
	}
}

func announce(f *os.File, h holder) error {
	b, err := json.Marshal(h)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Name(), err)
	}
	return nil
}

// readHolder returns the zero holder if the file says nothing sensible.
func readHolder(f *os.File) holder {
	var h holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(b, &h) != nil {
		return holder{}
	}
	return h
}

// heldBy returns the error for a data directory whose server lock h has.
func (c *Cluster) heldBy(h holder) error {
	who := "Another Spotter server"
	if h.PID != 0 {
		who += fmt.Sprintf(" (process %d", h.PID)
		if h.Address != "" {
			who += ", " + h.Address
		}
		who += ", since " + h.Since.Format(time.RFC3339) + ")"
	}
	return fault.New(fault.Conflict,
		"%s is using the data directory %s. Stop it first, or give this one a directory of its own with --data.", who, c.dir)
}
