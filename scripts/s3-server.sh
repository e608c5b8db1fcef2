#!/usr/bin/env bash
# A real S3 server for the tests: Ceph's gateway with one monitor and one memory-backed store, on loopback only.
#   s3-server.sh install                     unpacks it into the user's cache; nothing of the machine changes
#   s3-server.sh run FOLDER MON_PORT S3_PORT  serves until its standard input ends; prints "ready" when it does
# Stable Debian's gateway is too old for conditional writes and checksums (before 20).
set -euo pipefail

name=s3-server
suite=forky
release=20
root=${XDG_CACHE_HOME:-$HOME/.cache}/influx-migrate-tests/ceph-$release
. "$(dirname "${BASH_SOURCE[0]}")/unpacked.sh"

check_release() {
  case "$(unpacked_run radosgw --version)" in
    "ceph version $release."*) ;;
    *)
      say "suite '$suite' no longer has Ceph $release: name another suite, or check what the tests assume of this one"
      return 1
      ;;
  esac
}

install() { unpack_once usr/bin/radosgw radosgw ceph-mon ceph-osd; }

configure() {
  local folder=$1 mon_port=$2 s3_port=$3 libraries
  libraries=$(echo "$root"/usr/lib/*-linux-gnu)
  mkdir -p "$folder"/{mon,osd,rgw,run,log}
  cat >"$folder/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$mon_port
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = $folder/keyring
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
log file = $folder/log/\$name.log
crash dir = $folder/log
plugin dir = $libraries/ceph
osd class dir = $libraries/rados-classes
erasure code dir = $libraries/ceph/erasure-code
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
mon data = $folder/mon
mon cluster log file = $folder/log/cluster.log
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd max object name len = 256
osd max object namespace len = 64
[client.rgw]
rgw data = $folder/rgw
# Otherwise each second small answer waits for the 40 ms of a delayed acknowledgement.
rgw frontends = beast endpoint=127.0.0.1:$s3_port tcp_nodelay=1
rgw enable usage log = false
rgw thread pool size = 32
CONF
}

make_keys() {
  local keys=$1
  unpacked_run ceph-authtool --create-keyring "$keys" --gen-key -n mon. --cap mon 'allow *'
  unpacked_run ceph-authtool "$keys" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  unpacked_run ceph-authtool "$keys" --gen-key -n client.rgw --cap mon 'allow *' --cap osd 'allow *'
  unpacked_run ceph-authtool "$keys" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
}

admin() { (python_exec "$root/usr/bin/ceph" --connect-timeout 20 "$@"); }

# Daemons end with this script, however it ends: its standard input closes when the test process dies.
started=()
daemon() {
  unpacked_exec "$@" </dev/null >>"$CEPH_FOLDER/log/$1.out" 2>&1 &
  started+=($!)
}

stop() {
  local pid
  for pid in "${started[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# wait_for SECONDS COMMAND...
wait_for() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || {
      say "gave up waiting for: $*"
      tail -n 5 "$CEPH_FOLDER"/log/* >&2
      exit 1
    }
    sleep 0.1
  done
}

osd_up() { admin osd stat | grep -q '1 up'; }
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

# Two users whose ids look like AWS account ids: this gateway compares the expected bucket owner with the user id.
make_user() {
  unpacked_run radosgw-admin -n client.rgw user create --uid="$1" --display-name="$1" --access-key="$2" --secret="$3"
}

run() {
  CEPH_FOLDER=$1
  local mon_port=$2 s3_port=$3 id
  export CEPH_CONF=$CEPH_FOLDER/ceph.conf
  trap stop EXIT
  configure "$CEPH_FOLDER" "$mon_port" "$s3_port"
  {
    make_keys "$CEPH_FOLDER/keyring"
    unpacked_run monmaptool --create --fsid "$(awk '/^fsid/ {print $3}' "$CEPH_CONF")" --addv a "[v2:127.0.0.1:$mon_port]" "$CEPH_FOLDER/monmap"
    unpacked_run ceph-mon -i a --mkfs --monmap "$CEPH_FOLDER/monmap" --keyring "$CEPH_FOLDER/keyring"
    daemon ceph-mon -f -i a
    id=$(cat /proc/sys/kernel/random/uuid)
    admin osd new "$id"
    admin auth add osd.0 -i "$CEPH_FOLDER/keyring"
    unpacked_run ceph-osd -i 0 --mkfs --osd-uuid "$id"
    daemon ceph-osd -f -i 0
    wait_for 30 osd_up
    daemon radosgw -f -n client.rgw
    wait_for 90 port_open "$s3_port"
    make_user 123456789012 owner-key owner-secret
    make_user 210987654321 stranger-key stranger-secret
  } >>"$CEPH_FOLDER/log/start.out" 2>&1 || {
    tail -n 20 "$CEPH_FOLDER/log/start.out" >&2
    exit 1
  }
  echo ready
  cat >/dev/null
}

case "${1:-}" in
  install) install ;;
  run) run "$2" "$3" "$4" ;;
  *)
    say "usage: s3-server.sh install | run FOLDER MON_PORT S3_PORT"
    exit 2
    ;;
esac
