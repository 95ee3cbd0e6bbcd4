#!/bin/sh
# Within a job of GitLab CI: the commits of the push or the merge request; a summary and SARIF beside it.
set -u
# What the checkout brings under these names is not what was found.
rm -f vestige.md vestige.sarif
# A new branch is held against the one it comes from, and a merge request against its target; a clone may have neither.
for branch in "${CI_DEFAULT_BRANCH:-}" "${CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}"; do
  if [ -n "$branch" ]; then
    git fetch --quiet --no-tags origin "+refs/heads/$branch:refs/remotes/origin/$branch" ||
      printf 'vestige: %s cannot be fetched\n' "$branch" >&2
  fi
done
set -- verify --ci gitlab --sarif vestige.sarif --summary vestige.md
if [ -n "${GATE_REPOSITORY:-}" ]; then set -- "$@" --repository "$GATE_REPOSITORY"; fi
if [ -n "${GATE_ATTESTATIONS:-}" ]; then set -- "$@" --attestations "$GATE_ATTESTATIONS"; fi
# -I: neither what stands in the checkout nor what PYTHON… names is a part of the program.
exec "${GATE_PYTHON:?is set by the job}" -I -m vestige "$@"
