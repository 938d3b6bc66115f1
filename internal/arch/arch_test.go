package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/voicefit/spotter/"

// floors lists the packages of each floor, the ground floor first. A package
// imports only what is on a lower floor, and on its own floor only what across
// names. docs/design.md draws the same house.
var floors = [][]string{
	{"db/migrations", "catalog", "internal/fault", "internal/config", "internal/chart", "internal/courtesy", "internal/postgres", "internal/postgres/cluster", "internal/db"},
	{"internal/example", "internal/llama3", "internal/stat"},
	{"internal/audit", "internal/inbox", "internal/share", "internal/sight", "internal/account", "internal/catalog", "internal/decode", "internal/sample", "internal/webhook"},
	{"internal/lint", "internal/ingest", "internal/assign", "internal/comment", "internal/history", "internal/review", "internal/browse", "internal/dedup", "internal/agreement", "internal/acceptance"},
	{"internal/quality", "internal/judge", "internal/demo", "internal/export", "internal/report", "internal/backup", "internal/bulk"},
	{"internal/release"},
	{"internal/jobs"},
	{"web/static", "web/templates"},
	{"internal/ui/draw"},
	{"internal/ui", "internal/api"},
	{"cmd/server"},
}

// across lists the edges allowed within a floor.
var across = map[string][]string{
	"internal/postgres":         {"db/migrations", "internal/fault"},
	"internal/postgres/cluster": {"internal/fault"},
	"internal/config":           {"internal/fault"},
	"internal/llama3":           {"internal/example"},
	"internal/acceptance":       {"internal/assign"},
	"internal/account":          {"internal/audit"},
	"internal/share":            {"internal/audit"},
	"internal/catalog":          {"internal/audit"},
	"internal/webhook":          {"internal/audit"},
	"internal/ingest":           {"internal/lint"},
	"internal/review":           {"internal/lint"},
	"internal/browse":           {"internal/lint"},
	"internal/dedup":            {"internal/lint"},
	"web/templates":             {"web/static"},
}

// aside are programs and test helpers: nothing that is built into the product
// may import them.
var aside = []string{
	"bench", "internal/arch", "internal/browsertest", "internal/example/exampletest", "internal/llama3/genvocab",
	"internal/postgres/pgtest", "internal/postgres/pgtest/with", "web/htmlcheck",
}

// never lists what a package must not import although its floor would allow it.
var never = map[string]string{
	"github.com/a-h/templ":                           "web/templates internal/ui internal/ui/draw",
	"github.com/go-chi/chi/v5":                       "internal/ui internal/api",
	module + "web/templates":                         "web/templates internal/ui internal/ui/draw",
	"github.com/riverqueue/river":                    "internal/jobs internal/ingest internal/dedup internal/quality internal/webhook internal/bulk internal/release",
	"github.com/spf13/cobra":                         "cmd/server",
	"github.com/caarlos0/env/v11":                    "internal/config",
	"github.com/pressly/goose/v3":                    "internal/postgres",
	"github.com/gorilla/sessions":                    "internal/account",
	"github.com/prometheus/client_golang/prometheus": "internal/ui",
}

// viewModels: these know nothing of the product below them.
var viewModels = []string{"web/templates", "web/static"}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	level := map[string]int{}
	for i, floor := range floors {
		for _, name := range floor {
			level[name] = i
		}
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		if slices.Contains(aside, name) {
			continue
		}
		mine, ok := level[name]
		if !ok {
			t.Errorf("%s is on no floor: give it one in internal/arch and docs/design.md", name)
			continue
		}
		seen++
		for _, path := range p.Imports {
			for lib, owners := range never {
				if path == lib && !slices.Contains(strings.Fields(owners), name) {
					t.Errorf("%s imports %s, which only %s may", name, path, owners)
				}
			}
			target, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			switch theirs, ok := level[target]; {
			case slices.Contains(aside, target):
				t.Errorf("%s imports %s, which is for tests", name, target)
			case !ok:
				t.Errorf("%s imports %s, which is on no floor", name, target)
			case theirs > mine:
				t.Errorf("%s imports %s, which is above it", name, target)
			case theirs == mine && !slices.Contains(across[name], target):
				t.Errorf("%s imports %s, which is beside it", name, target)
			case slices.Contains(viewModels, name) && !slices.Contains(viewModels, target):
				t.Errorf("%s imports %s: views take plain view models", name, target)
			}
		}
	}
	if seen < 15 {
		t.Errorf("go list found only %d packages of the product", seen)
	}
}
