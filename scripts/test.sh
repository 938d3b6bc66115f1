#!/usr/bin/env bash
# Runs the tests against the Postgres in SPOTTER_TEST_DATABASE_URL: those of the
# packages whose promises are about concurrency with the race detector, where a C
# compiler makes that possible, all others without. Arguments are passed to one
# plain run of go test instead.
set -uo pipefail
cd "$(dirname "$0")/.."
race=()
command -v cc >/dev/null 2>&1 && race=(-race)
if [ $# -gt 0 ]; then exec go test "${race[@]}" -timeout 20m "$@"; fi

raced=(account audit dedup ingest jobs llama3 quality review)
rest=()
while IFS= read -r p; do
  for r in "${raced[@]}"; do [ "$p" = "github.com/voicefit/spotter/internal/$r" ] && continue 2; done
  rest+=("$p")
done < <(go list ./...)
[ ${#rest[@]} -gt 0 ] || { echo "go list found no packages" >&2; exit 1; }
failed=0
go test -timeout 20m "${rest[@]}" || failed=1
go test "${race[@]}" -timeout 20m "${raced[@]/#/./internal/}" || failed=1
exit $failed
