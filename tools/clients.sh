#!/bin/sh
# Unpacks the programs that tests let speak to receivers (rsyslog, syslog-ng, logrotate) into .venv/clients.
# They are not installed: rsyslog and syslog-ng exclude each other, and neither should become this machine's logger.
# Where apt-get is missing or cannot download, the tests that need them say so and are skipped.
set -eu
cd "$(dirname "$0")/.."
into=.venv/clients
[ ! -e "$into/done" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
  exit 0
fi

missing() { # missing PACKAGE… - these and what they need beyond what is installed
  apt-get install --simulate --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

mkdir -p "$into/debs"
if [ "$(id -u)" = 0 ] && ! apt-cache show rsyslog >/dev/null 2>&1; then
  apt-get update -qq || exit 0
fi
names=$({ missing rsyslog rsyslog-gnutls; missing syslog-ng-core; missing logrotate; } | sort -u)
echo "setup: unpacking the clients that tests use into $into" >&2
# shellcheck disable=SC2086 - a list of package names
if (cd "$into/debs" && apt-get download -qq $names) >/dev/null 2>&1; then
  for package in "$into"/debs/*.deb; do
    dpkg-deb -x "$package" "$into"
  done
  touch "$into/done"
else
  echo "setup: apt-get cannot download them; their tests will be skipped" >&2
fi
rm -rf "$into/debs"
