# Sourced by the scripts that run servers of a newer Debian suite: its packages are unpacked into a folder of the user's
# cache and run with that folder's loader and libraries. Nothing of the machine changes, and root is not needed.
# The sourcing script sets name, suite and root.

say() { echo "$name: $*" >&2; }

# unpacked_run PROGRAM ARGUMENT...: runs a program of the folder.
unpacked_run() { (unpacked_exec "$@"); }

# unpacked_exec PROGRAM ARGUMENT...: becomes it, so that the shell's child is the program and can be ended by its id.
unpacked_exec() {
  local program=$1
  shift
  exec "$(echo "$root"/usr/lib/*-linux-gnu/ld-linux-*.so.*)" --library-path "$(library_path)" "$root/usr/bin/$program" "$@"
}

library_path() {
  local libraries
  libraries=$(echo "$root"/usr/lib/*-linux-gnu)
  echo "$libraries:$libraries/ceph"
}

# python ARGUMENT...: as unpacked_exec, for the folder's Python.
python_exec() {
  PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
    unpacked_exec "$(basename "$(echo "$root"/usr/bin/python3.[0-9][0-9])")" "$@"
}

mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | head -n 1; }

# unpack_once MARKER PACKAGE...: makes the folder unless it holds MARKER; the sourcing script's check_release judges it.
unpack_once() {
  local marker=$1
  shift
  [ -e "$root/$marker" ] && return
  mkdir -p "$(dirname "$root")"
  exec 9>"$root.lock"
  flock 9
  [ -e "$root/$marker" ] && return
  command -v apt-get >/dev/null || {
    say "this is not a Debian machine: run the tests in a Debian container"
    exit 1
  }
  [ -n "$(mirror)" ] || apt-get update -qq >&2 || true
  [ -n "$(mirror)" ] || {
    say "apt knows no mirror: run 'apt-get update' as root, then this again"
    exit 1
  }
  say "unpacking the packages of Debian's suite '$suite' into $root ..."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  download "$@"
  unpack
}

download() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$work"/{lists,archives}/partial
  : >"$work/status"
  echo "deb [signed-by=$keyring] $(mirror) $suite main" >"$work/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work"
    -o Acquire::Languages=none -o APT::Install-Recommends=0 -o APT::Sandbox::User=root
    -o DPkg::Post-Invoke::= -o APT::Update::Post-Invoke::= -o Debug::NoLocking=1)
  "${apt[@]}" update >&2
  "${apt[@]}" -y --download-only install base-files "$@" >"$work/log" 2>&1 || {
    tail -n 5 "$work/log" >&2
    say "the packages of Debian's suite '$suite' could not be loaded"
    exit 1
  }
}

unpack() {
  local package target=$root
  rm -rf "$root.new"
  mkdir -p "$root.new"
  # base-files makes the links of the merged /usr that the others expect.
  dpkg-deb -x "$work"/archives/base-files_*.deb "$root.new"
  for package in "$work"/archives/*.deb; do
    dpkg-deb -x "$package" "$root.new"
  done
  rm -rf "$root.new"/usr/share/{doc,man,locale}
  root=$target.new
  check_release || {
    rm -rf "$target.unexpected"
    mv "$root" "$target.unexpected"
    exit 1
  }
  root=$target
  mv "$root.new" "$root"
}
