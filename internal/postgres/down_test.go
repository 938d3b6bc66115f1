package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/voicefit/spotter/internal/postgres"
)

func TestDown(t *testing.T) {
	t.Parallel()
	_, refused := postgres.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none?connect_timeout=2", 1)
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"some error", errors.New("some error"), false},
		{"refused", refused, true},
		{"shutting down", fmt.Errorf("read: %w", &pgconn.PgError{Code: "57P01"}), true},
		{"too many connections", &pgconn.PgError{Code: "53300"}, true},
		{"connection lost", &pgconn.PgError{Code: "08006"}, true},
		{"cancelled", &pgconn.PgError{Code: "57014"}, false},
		{"unique violation", &pgconn.PgError{Code: "23505"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := postgres.Down(tt.err); got != tt.want {
				t.Errorf("Down(%v) = %t, want %t", tt.err, got, tt.want)
			}
		})
	}
}
