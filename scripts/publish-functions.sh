#!/usr/bin/env bash
# Publishes the functions' package.
# publish-functions.sh [FOLDER [RUNTIME [ARCHITECTURE]]]: as in an environment of cdk.json, provided.al2023 and x86_64 unless given.
# For provided.al2023 FOLDER then holds bootstrap and nothing else: one native file. Refused is one that AWS Lambda could not start:
# a warning of the compiler, a glibc newer than 2.34, or more than 15 MB as Lambda counts them (its limit of 250 MB is
# 262,144,000 bytes); what it is made of stands beside it in FOLDER.cdx.json. For dotnet10 it holds assemblies, which are the same for both architectures.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-artifacts/functions}")
runtime=${2:-provided.al2023}
architecture=${3:-x86_64}
fail() {
  echo "$1" >&2
  exit 1
}
case "$architecture" in
  x86_64) machine=x86_64 rid=linux-x64 ;;
  arm64) machine=aarch64 rid=linux-arm64 ;;
  *) fail "'$architecture' is no architecture of Lambda's: x86_64 or arm64." ;;
esac
case "$runtime" in
  dotnet10)
    mkdir -p "$folder"
    # The packages are those of the native file, so that the lock file holds.
    dotnet restore src/Functions --nologo -v quiet
    dotnet publish src/Functions -c Release --no-restore --nologo -v quiet -p:PublishAot=false -p:UseAppHost=false -p:DebugType=none -p:PublishDocumentationFiles=false -o "$folder"
    echo "$folder: $(du -sb "$folder" | cut -f1) bytes, for dotnet10 on both architectures"
    exit
    ;;
  provided.al2023) ;;
  *) fail "'$runtime' is no runtime of the functions: provided.al2023 or dotnet10." ;;
esac
[ "$(uname -m)" = "$machine" ] ||
  fail "A native bootstrap for $architecture needs that architecture's linker and libraries, which this machine ($(uname -m)) lacks: run this on a machine of $architecture, or give the environment \"runtime\": \"dotnet10\", whose package is made anywhere."
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
dotnet publish src/Functions -r "$rid" -c Release --nologo -v quiet -o "$built"
command -v objdump >/dev/null ||
  fail "'objdump' is missing, which tells the glibc that bootstrap needs: install binutils, then run this again."
newest=$(objdump -T "$built/bootstrap" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
[ "$(printf '%s\nGLIBC_2.34\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.34 ] ||
  fail "bootstrap needs $newest, but provided.al2023 has GLIBC_2.34: publish on a system that is no newer."
bytes=$(stat -c %s "$built/bootstrap")
[ "$bytes" -le $((15 << 20)) ] ||
  fail "bootstrap has $bytes bytes, more than the 15 MB (15,728,640 bytes) that keep its cold start short."
mkdir -p "$folder"
install -m 755 "$built/bootstrap" "$folder/bootstrap"
install -m 644 "$built/bootstrap.cdx.json" "$folder.cdx.json"
echo "$folder/bootstrap: $bytes bytes, needs $newest"
