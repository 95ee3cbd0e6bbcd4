#!/bin/sh
# Makes the secrets of compose.yaml, once, in a folder that only its owner may look into. The files in it may be read by
# everybody who gets past that: containers are shown the files alone, and read them under user ids of their own.
# usage: deploy/secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}
if [ -e "$folder" ]; then
  echo "secrets: $folder is there already; it stays as it is" >&2
  exit 0
fi

random() { # 256 bits: letters and digits alone, which a URL takes as they are
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

draft="$folder.$$"
umask 077
mkdir -p "$draft"
trap 'rm -rf "$draft"' EXIT
umask 022
owner=$(random)
app=$(random)
clickhouse=$(random)
random >"$draft/database_superuser_password"
printf %s "$owner" >"$draft/database_owner_password"
printf %s "$app" >"$draft/database_app_password"
printf %s "$clickhouse" >"$draft/clickhouse_password"
printf 'postgresql://vestige_owner:%s@database/vestige\n' "$owner" >"$draft/database_owner_url"
printf 'postgresql://vestige_app:%s@database/vestige\n' "$app" >"$draft/database_url"
printf 'clickhouse://vestige:%s@clickhouse:8123/vestige\n' "$clickhouse" >"$draft/index_url"
mv "$draft" "$folder"
echo "secrets: made in $folder; keep a copy where the server's backups are not" >&2
