#!/bin/sh
# Makes .venv from the lock file, and builds the interface if its sources changed. As root on Debian it installs what
# the system lacks; otherwise it names it.
# usage: tools/setup.sh run|dev
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
lock=requirements.lock
[ "$kind" = dev ] && lock=requirements-dev.lock
missing=""

need() { # need COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

python=""
for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || missing="$missing python3"
if [ -n "$python" ] && ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  missing="$missing python3-venv"
fi
if [ "$kind" = dev ]; then
  need openssl openssl
  need git git
  need chromium chromium
  if [ -z "${VESTIGE_TEST_DATABASE_URL:-}" ] && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    missing="$missing postgresql"
  fi
fi
# What builds the interface. Without it everything else works, so it is asked for as the PDF's packages are, below.
if [ -f ui/package.json ] && [ "${VESTIGE_SKIP_UI:-}" != 1 ] && { [ "$kind" = dev ] || {
  [ ! -f src/vestige/web/static/.built-from ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }; }; then
  need node nodejs
  need npm npm
fi
# What lays out the PDF of a report. Without it everything else works, so only root and developers are made to have it.
if ! { [ -n "$python" ] && "$python" -c 'import ctypes.util as u, sys; sys.exit(not all(map(u.find_library,
  ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset"))))' && ls /usr/share/fonts/*/* >/dev/null 2>&1; }; then
  pango="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
  if [ "$kind" = dev ] || { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }; then
    missing="$missing $pango"
  else
    echo "setup: reports as PDF need the Debian packages $pango; all else works without them" >&2
  fi
fi
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "setup: installing$missing" >&2
    apt-get update -qq
    # shellcheck disable=SC2086 - a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    [ -n "$python" ] || python=python3
  else
    echo "setup: this needs the Debian packages:$missing" >&2
    echo "setup: install them (apt-get install$missing), then run make again" >&2
    exit 1
  fi
fi

rest() { # what is seen to whether or not .venv was up to date
  if [ "$kind" = dev ]; then
    tools/clients.sh
    .venv/bin/python hatch_build.py --dev
  else
    .venv/bin/python hatch_build.py
  fi
}

stamp=.venv/.made-from-$kind
if [ -f "$stamp" ] && cmp -s "$lock" "$stamp"; then
  rest
  exit 0
fi
echo "setup: making .venv from $lock (first time: about 600 MB of packages)" >&2
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
cp "$lock" "$stamp"
rest
