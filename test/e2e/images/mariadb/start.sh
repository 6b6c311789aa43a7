#!/usr/bin/env bash
# Makes a fresh database and becomes the server. Environment:
#   MARIADB_USER (app)   MARIADB_PASSWORD (needed)   MARIADB_DATABASE (app)
#   MARIADB_TLS (off): on = a self-signed certificate made at start; its files are /var/lib/mysql/server.{crt,key}
#   MARIADB_TLS_NAME (localhost): the certificate's DNS name
# Arguments go to the server, for example: --max-connections=5
# Inside the container `mariadb -S /var/lib/mysql/socket -u root` needs no password.
set -euo pipefail
user=${MARIADB_USER:-app}
database=${MARIADB_DATABASE:-app}
password=${MARIADB_PASSWORD:?MARIADB_PASSWORD is needed}
tls=${MARIADB_TLS:-off}
home=/var/lib/mysql
data=$home/data

for name in "$user" "$database"; do
  [[ $name =~ ^[a-z_][a-z0-9_]*$ ]] || { echo "not a plain lower-case name: $name" >&2; exit 1; }
done
# As MariaDB reads it between quotes, whatever stands in it.
quoted=${password//\\/\\\\}
quoted=${quoted//\'/\'\'}

if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
fi
# The server reads it before it listens, so that nobody can connect before the user exists.
printf "CREATE DATABASE IF NOT EXISTS %s;\nCREATE OR REPLACE USER %s@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON %s.* TO %s@'%%';\n" \
  "$database" "$user" "$quoted" "$database" "$user" >"$home/first.sql"
options=()
if [ "$tls" = on ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=${MARIADB_TLS_NAME:-localhost}" \
    -addext "subjectAltName=DNS:${MARIADB_TLS_NAME:-localhost}" \
    -keyout "$home/server.key" -out "$home/server.crt" 2>/dev/null
  options+=("--ssl-cert=$home/server.crt" "--ssl-key=$home/server.key")
fi
exec mariadbd --no-defaults --datadir="$data" --socket="$home/socket" --pid-file="$home/pid" --bind-address='*' \
  --init-file="$home/first.sql" --innodb-buffer-pool-size=16M --innodb-flush-log-at-trx-commit=0 --skip-log-bin \
  "${options[@]}" "$@"
