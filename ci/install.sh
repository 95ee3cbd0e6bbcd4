#!/bin/sh
# The client in an environment of its own: packages by version and SHA-256, the program from beside this file, which is
# the commit that whoever calls it has pinned. Python looks for nothing in the folder it stands in: that is the checkout.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv="${GATE_VENV:-${RUNNER_TEMP:-/tmp}/vestige-client}"
"${GATE_BASE_PYTHON:-python3}" -I -m venv --clear "$venv"
"$venv/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
  --require-hashes --requirement "$here/requirements.lock"
"$venv/bin/python" -I -c '
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "vestige.pth").write_text(sys.argv[1] + "\n")
' "$here/../src"
"$venv/bin/python" -I -m vestige --version >&2
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  printf 'python=%s\n' "$venv/bin/python" >> "$GITHUB_OUTPUT"
fi
