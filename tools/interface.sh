#!/bin/sh
# Checks the interface: types, lint, the direction of imports, unit tests, the weight of what a browser loads, and that
# its types of the HTTP interface are those of this checkout. It must be built and its packages installed: `make dev`.
# usage: tools/interface.sh
set -eu
cd "$(dirname "$0")/.."

if [ "${VESTIGE_SKIP_UI:-}" = 1 ]; then
  echo "interface: VESTIGE_SKIP_UI=1: it is not checked" >&2
  exit 0
fi
if [ ! -x ui/node_modules/.bin/tsc ]; then
  echo "interface: not checked, since its packages are not installed: install Node with npm, then run make dev" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

quietly() { # quietly COMMAND...: what it says is shown only if it fails
  "$@" >"$work/said" 2>&1 || {
    echo "interface: $* failed:" >&2
    cat "$work/said" >&2
    exit 1
  }
}

.venv/bin/python tools/openapi.py >ui/openapi.json
cd ui
quietly node_modules/.bin/openapi-typescript openapi.json -o "$work/schema.d.ts"
if ! cmp -s "$work/schema.d.ts" src/api/schema.d.ts; then
  echo "interface: ui/src/api/schema.d.ts is not what the HTTP interface is now: run make ui-types and commit it" >&2
  diff -u src/api/schema.d.ts "$work/schema.d.ts" | head -20 >&2
  exit 1
fi
quietly npm run --silent check
quietly npm run --silent test
quietly npm run --silent sizes
