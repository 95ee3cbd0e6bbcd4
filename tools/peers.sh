#!/bin/sh
# What `make bench-peers` measures beside Vestige and is no dependency of it: Plaso, in an environment of its own.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv-peers/bin/log2timeline ]; then
    .venv/bin/uv venv --quiet --clear .venv-peers
    .venv/bin/uv pip install --quiet --python .venv-peers/bin/python --require-hashes -r bench/peers.lock
fi
command -v rg > /dev/null || echo "ripgrep is not here: apt-get install ripgrep, or its figures are left out" >&2
