#!/usr/bin/env bash
# Makes a fresh database and becomes the server. Environment:
#   POSTGRES_USER (app)   POSTGRES_PASSWORD (needed)   POSTGRES_DB (app)
#   POSTGRES_TLS (off): on = a self-signed certificate made at start; its files are $PGDATA/server.{crt,key}
#   POSTGRES_TLS_NAME (localhost): the certificate's DNS name
# Arguments go to the server, for example: -c max_connections=5
# Network logins need the password (scram-sha-256); inside the container `psql -U app app` needs none.
set -euo pipefail
user=${POSTGRES_USER:-app}
database=${POSTGRES_DB:-app}
password=${POSTGRES_PASSWORD:?POSTGRES_PASSWORD is needed}
tls=${POSTGRES_TLS:-off}

for name in "$user" "$database"; do
  [[ $name =~ ^[a-z_][a-z0-9_]*$ ]] || { echo "not a plain lower-case name: $name" >&2; exit 1; }
done

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --no-sync --username="$user" --pwfile=<(printf '%s' "$password") --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256 >/dev/null
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  # In single-user mode, so that nobody can connect before the database exists.
  if [ "$database" != postgres ]; then
    postgres --single -D "$PGDATA" postgres <<<"CREATE DATABASE $database" >/dev/null
  fi
fi
if [ "$tls" = on ] && [ ! -s "$PGDATA/server.key" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=${POSTGRES_TLS_NAME:-localhost}" \
    -addext "subjectAltName=DNS:${POSTGRES_TLS_NAME:-localhost}" \
    -keyout "$PGDATA/server.key" -out "$PGDATA/server.crt" 2>/dev/null
  chmod 0600 "$PGDATA/server.key"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories="$PGHOST" -c ssl="$tls" \
  -c fsync=off -c shared_buffers=16MB -c password_encryption=scram-sha-256 "$@"
