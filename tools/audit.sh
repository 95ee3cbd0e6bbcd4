#!/bin/sh
# Asks the Python advisory database about every locked dependency. Needs the network; fails if any could not be asked about.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pip-audit
for lock in requirements.lock requirements-dev.lock; do
  echo "audit: $lock" >&2
  "$folder/venv/bin/pip-audit" --strict --disable-pip --require-hashes --requirement "$lock" >"$folder/report" 2>&1 || {
    cat "$folder/report" >&2
    exit 1
  }
  if grep -q "could not be audited" "$folder/report"; then
    cat "$folder/report" >&2
    echo "audit: some dependencies could not be asked about: this is no clean result" >&2
    exit 1
  fi
done
echo "audit: nothing is known against any locked dependency"
