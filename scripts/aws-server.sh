#!/usr/bin/env bash
# AWS's control plane for the tests: moto, with Step Functions that really execute and Secrets Manager that really rotates.
#   aws-server.sh install                           unpacks it into the user's cache; nothing of the machine changes
#   aws-server.sh run PORT S3_URL LAMBDA_URL         serves until its standard input ends; prints "ready" when it does
# S3_URL is where the state machine's item readers read from, with the credentials of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY;
# LAMBDA_URL is where every function that is made in it is invoked.
set -euo pipefail

name=aws-server
suite=forky
release=5.1
root=${XDG_CACHE_HOME:-$HOME/.cache}/influx-migrate-tests/moto-$release
. "$(dirname "${BASH_SOURCE[0]}")/unpacked.sh"

check_release() {
  case "$( (python_exec -c 'import moto; print(moto.__version__)') )" in
    "$release."*) ;;
    *)
      say "suite '$suite' no longer has moto $release: name another suite, or check what the tests assume of this one"
      return 1
      ;;
  esac
}

install() {
  unpack_once usr/lib/python3/dist-packages/moto \
    python3-moto python3-flask-cors python3-jsonpath-ng python3-joserfc python3-graphql-core python3-yaml \
    python3-openapi-spec-validator python3-pyparsing python3-multipart python3-docker python3-requests
}

run() {
  local port=$1
  export S3_URL=$2 LAMBDA_URL=$3
  (python_exec "$(dirname "${BASH_SOURCE[0]}")/aws-server.py" -H 127.0.0.1 -p "$port") </dev/null >&2 &
  server=$!
  # It ends with this script, however that ends: its standard input closes when the test process dies.
  trap 'kill -9 "$server" 2>/dev/null || true' EXIT
  for _ in $(seq 600); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.1
  done
  echo ready
  cat >/dev/null
}

case "${1:-}" in
  install) install ;;
  run) run "$2" "$3" "$4" ;;
  *)
    say "usage: aws-server.sh install | run PORT S3_URL LAMBDA_URL"
    exit 2
    ;;
esac
