package lint

import (
	"context"
	"fmt"
	"sync"

	"github.com/voicefit/spotter/internal/catalog"
)

// A Keeper hands out the Linter of the catalog in force, compiling a new one
// only when the catalog's version changes. It is safe for concurrent use.
type Keeper struct {
	current func(context.Context) (*catalog.Catalog, int, error)

	mu      sync.Mutex
	linter  *Linter
	version int
}

// NewKeeper returns a Keeper of the catalog that current returns with its
// version. Current is called each time a Linter is asked for.
func NewKeeper(current func(context.Context) (*catalog.Catalog, int, error)) *Keeper {
	return &Keeper{current: current}
}

// Linter returns the Linter of the catalog in force. Whoever checks many
// examples asks once and keeps it. It fails where current fails, and where New
// does.
func (k *Keeper) Linter(ctx context.Context) (*Linter, error) {
	c, version, err := k.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the catalog for checking: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.linter != nil && k.version == version {
		return k.linter, nil
	}
	l, err := New(c)
	if err != nil {
		return nil, err
	}
	k.linter, k.version = l, version
	return l, nil
}

// Check checks one example against the catalog in force.
func (k *Keeper) Check(ctx context.Context, s Subject) ([]Finding, error) {
	l, err := k.Linter(ctx)
	if err != nil {
		return nil, err
	}
	return l.Check(s), nil
}
