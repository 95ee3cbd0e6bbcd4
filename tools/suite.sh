#!/bin/sh
# Runs pytest with its stores in memory, where there is enough of it: a suite whose every test waits for a disk to make
# things durable takes twice as long. Nothing of it stays behind. VESTIGE_TEST_DISK=1 leaves the stores on the disk.
# usage: tools/suite.sh PYTEST-ARGUMENT...
set -eu
cd "$(dirname "$0")/.."

# Hundreds of programs are started, and would each compile the thousand modules they read, were that not kept. Not in
# the tree, whose files are what the tests look at.
export PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$PWD/.venv/pycache"

need_kib=$((6 * 1024 * 1024))
place=/dev/shm
room=$(df -Pk "$place" 2>/dev/null | awk 'NR == 2 { print $4 }')
memory=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo 2>/dev/null)
if [ "${VESTIGE_TEST_DISK:-}" = 1 ] || [ ! -w "$place" ] || [ "${room:-0}" -lt "$need_kib" ] ||
  [ "${memory:-0}" -lt "$((2 * need_kib))" ]; then
  exec .venv/bin/python -m pytest "$@"
fi
scratch=$(mktemp -d "$place/v.XXXX")
chmod 711 "$scratch" # PostgreSQL runs as a user of its own
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
code=0
TMPDIR=$scratch .venv/bin/python -m pytest -o tmp_path_retention_policy=failed "$@" || code=$?
exit "$code"
