// Package migrations holds the schema as goose SQL files, embedded.
package migrations

import "embed"

// Files holds NNNNN_name.sql in order.
//
//go:embed *.sql
var Files embed.FS
