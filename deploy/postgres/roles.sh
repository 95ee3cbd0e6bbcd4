#!/bin/sh
# The two roles of docs/operations.md in a new PostgreSQL: `vestige_owner` owns the tables and runs migrations,
# `vestige_app` serves and owns nothing, so it cannot lift the ledger's triggers. Run once against the database that is
# to be Vestige's, as a superuser, or as its owner with CREATEROLE, as a managed server's first user is. The image of
# PostgreSQL does so when it makes its data directory.
#
# Takes libpq's variables, or POSTGRES_USER and POSTGRES_DB as that image sets them; the passwords lie in the folder
# SECRETS (default /run/secrets), and never on a command line. Needs psql 15 or newer.
set -eu
SECRETS=${SECRETS:-/run/secrets}
[ -z "${POSTGRES_USER:-}" ] || export PGUSER="$POSTGRES_USER"
[ -z "${POSTGRES_DB:-}" ] || export PGDATABASE="$POSTGRES_DB"
owner=$(cat "$SECRETS/database_owner_password")
app=$(cat "$SECRETS/database_app_password")
if [ -z "$owner" ] || [ -z "$app" ] || [ "$owner" = "$app" ]; then
  echo "roles: expected two different passwords in $SECRETS, database_owner_password and database_app_password" >&2
  exit 1
fi
export OWNER_PASSWORD="$owner" APP_PASSWORD="$app"
psql --no-psqlrc --set ON_ERROR_STOP=1 --quiet --single-transaction <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
SET LOCAL password_encryption = 'scram-sha-256';
CREATE ROLE vestige_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE vestige_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO vestige_owner, vestige_app', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vestige_app;
-- Only a member may give something to a role.
GRANT vestige_owner TO CURRENT_USER;
ALTER SCHEMA public OWNER TO vestige_owner;
REVOKE vestige_owner FROM CURRENT_USER;
SQL
