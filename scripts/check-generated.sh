#!/usr/bin/env bash
# Fails when generated Go is not what its sources say. It generates into a copy,
# so that the working tree is not touched.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' f; do [ -f "$f" ] && printf '%s\0' "$f"; done |
  xargs -0 cp --parents -t "$copy" 2>/dev/null ||
  (git ls-files --cached --others --exclude-standard | tar -cf - -T - | tar -xf - -C "$copy")
(
  cd "$copy"
  export CGO_ENABLED=0
  go tool -modfile=tools.mod sqlc generate
  go tool -modfile=tools.mod templ generate -path web/templates >/dev/null 2>&1
)
stale=$(diff -rq internal/db "$copy/internal/db" || true; diff -rq web/templates "$copy/web/templates" || true)
if [ -n "$stale" ]; then
  echo "generated code is stale; run: make generate"
  echo "$stale"
  exit 1
fi
