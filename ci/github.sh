#!/bin/sh
# Within a step of GitHub Actions: the commits the event is about, or those that are named; lines marked, a summary, SARIF.
set -u
sarif="${RUNNER_TEMP:?is no step of GitHub Actions}/vestige.sarif"
set -- verify --annotations --sarif "$sarif"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then set -- "$@" --summary "$GITHUB_STEP_SUMMARY"; fi
if [ -n "${GATE_RANGE:-}" ]; then set -- "$@" --range "$GATE_RANGE"; fi
if [ -n "${GATE_COMMITS:-}" ]; then set -- "$@" --commits "$GATE_COMMITS"; fi
if [ -z "${GATE_RANGE:-}${GATE_COMMITS:-}" ]; then set -- "$@" --ci github; fi
if [ -n "${GATE_REPOSITORY:-}" ]; then set -- "$@" --repository "$GATE_REPOSITORY"; fi
if [ -n "${GATE_ATTESTATIONS:-}" ]; then set -- "$@" --attestations "$GATE_ATTESTATIONS"; fi
code=0
# -I: neither what stands in the checkout nor what PYTHON… names is a part of the program.
"${GATE_PYTHON:?is set by install.sh}" -I -m vestige "$@" || code=$?
case "$code" in
  0) state=passed ;;
  1) state=blocked ;;
  *) state='not verified' ;;
esac
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  printf 'sarif=%s\nstate=%s\n' "$sarif" "$state" >> "$GITHUB_OUTPUT"
fi
exit "$code"
