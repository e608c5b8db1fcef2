#!/usr/bin/env bash
# Publishes the functions as one native file, and refuses one that AWS Lambda's provided.al2023 could not start:
# a warning of the compiler, a glibc newer than 2.34, or more than 15 MB
# as Lambda counts them (its limit of 250 MB is 262,144,000 bytes).
# publish-functions.sh [FOLDER]: FOLDER then holds bootstrap and nothing else; what it is made of stands beside it in FOLDER.cdx.json.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-artifacts/functions}")
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
dotnet publish src/Functions -r linux-x64 -c Release --nologo -v quiet -o "$built"
command -v objdump >/dev/null || {
  echo "'objdump' is missing, which tells the glibc that bootstrap needs: install binutils, then run this again." >&2
  exit 1
}
newest=$(objdump -T "$built/bootstrap" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
if [ "$(printf '%s\nGLIBC_2.34\n' "$newest" | sort -V | tail -n 1)" != GLIBC_2.34 ]; then
  echo "bootstrap needs $newest, but provided.al2023 has GLIBC_2.34: publish on a system that is no newer." >&2
  exit 1
fi
bytes=$(stat -c %s "$built/bootstrap")
if [ "$bytes" -gt $((15 << 20)) ]; then
  echo "bootstrap has $bytes bytes, more than the 15 MB (15,728,640 bytes) that keep its cold start short." >&2
  exit 1
fi
mkdir -p "$folder"
install -m 755 "$built/bootstrap" "$folder/bootstrap"
install -m 644 "$built/bootstrap.cdx.json" "$folder.cdx.json"
echo "$folder/bootstrap: $bytes bytes, needs $newest"
