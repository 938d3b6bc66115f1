#!/usr/bin/env bash
# Brings what comes from npm: htmx into web/static/vendor, axe for the tests.
# Without npm the pages still work, without JavaScript's comforts.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=web/package-lock.json
mark=web/node_modules/.from-lock
if ! command -v npm >/dev/null; then
  if [ -f web/static/vendor/htmx.min.js ]; then exit 0; fi
  echo "npm is missing: install Node.js with npm for htmx and the accessibility tests; the pages work without." >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
fi
if ! cmp -s "$lock" "$mark"; then
  echo "fetching htmx and axe with npm"
  npm ci --prefix web --silent --no-audit --no-fund
  cp "$lock" "$mark"
fi
mkdir -p web/static/vendor
cmp -s web/node_modules/htmx.org/dist/htmx.min.js web/static/vendor/htmx.min.js ||
  cp web/node_modules/htmx.org/dist/htmx.min.js web/static/vendor/htmx.min.js
