# Sourced by ./test, ./demo and ./bench: what each needs is installed when it is missing, or named in a sentence.

need_dotnet() {
  command -v dotnet >/dev/null || {
    echo "The .NET SDK 10 is missing: install it from https://dot.net or your distribution, then run this again." >&2
    exit 1
  }
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
}

# need_debian COMMAND PACKAGE...: installs PACKAGE... when COMMAND is not on the PATH.
need_debian() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  command -v apt-get >/dev/null || {
    echo "'$command' is missing and this is not a Debian machine: install what Debian calls '$*', then run this again." >&2
    exit 1
  }
  local sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "'$command' is missing: run 'apt-get install $*' as root, then run this again." >&2
      exit 1
    }
    sudo=sudo
  fi
  echo "Installing $* ..." >&2
  $sudo apt-get update -qq >&2 || true
  # Debian's package would start a server of its own on the usual port; policy-rc.d and systemd are left alone,
  # every server of ours listens on a free port.
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null || {
    echo "'apt-get install $*' failed: install it by hand, then run this again." >&2
    exit 1
  }
}

# The S3 and AWS servers of the tests go into the user's cache, beside the machine's own packages.
need_s3_server() { "$(dirname "${BASH_SOURCE[0]}")/s3-server.sh" install; }

need_aws_server() { "$(dirname "${BASH_SOURCE[0]}")/aws-server.sh" install; }

# What runs the deployed shape without AWS: the synthesis, the publishing of the functions, and the servers.
need_deployed_shape() {
  need_debian node nodejs
  need_debian gcc gcc libc6-dev
  need_debian objdump binutils
  need_s3_server
  need_aws_server
}

# need_npm FOLDER: installs what FOLDER's package-lock.json names, when it is not there as it says.
need_npm() {
  local folder=$1
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return
  need_debian npm npm
  echo "Installing the npm packages of $folder ..." >&2
  (cd "$folder" && npm ci --no-progress --loglevel=error >/dev/null) || {
    echo "'npm ci' in $folder failed: run it by hand, then run this again." >&2
    exit 1
  }
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
}
