package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Down says whether err means that the database cannot be reached or does not
// take work just now, so that trying again later is the cure.
func Down(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	// 08: connection exception; 53: out of resources; 57P: shutting down,
	// starting up, crashed. 57014 (a cancelled query) is none of these.
	return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P")
}
