#!/bin/sh
# Installs the npm packages, and the compiler that better-sqlite3 needs where no prebuilt binary can be had.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
mkdir -p dist
exec 9>dist/.install-lock
flock 9
marker=node_modules/.berth-installed
if [ -f "$marker" ] && [ ! package-lock.json -nt "$marker" ]; then exit 0; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

works() {
  node -e 'new (require("better-sqlite3"))(":memory:").close(); require("esbuild").transformSync("1")' >/dev/null 2>&1
}
# Node's own headers, where the distribution's package has brought them, spare a download.
[ ! -d /usr/include/node ] || export npm_config_nodedir=/usr
install_packages() {
  npm ci --include=dev --no-audit --no-fund >"$log" 2>&1 || return 1
  works || npm rebuild better-sqlite3 esbuild >>"$log" 2>&1 || return 1
  works
}

echo "berth: installing npm packages (a compile of better-sqlite3 may take 2 minutes)"
if ! install_packages; then
  command -v apt-get >/dev/null 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
  echo "berth: installing python3, make and g++ from the distribution: no prebuilt better-sqlite3 was to be had"
  export DEBIAN_FRONTEND=noninteractive
  if [ "$(id -u)" = 0 ]; then # one at a time reads package lists and installs
    mkdir -p /run/lock/berth
    exec 8>/run/lock/berth/apt.lock
    flock 8
  fi
  apt-get update -qq
  apt-get install -y -qq python3 make g++ >/dev/null
  install_packages || { tail -n 20 "$log" >&2; echo "berth: npm packages could not be installed -> see above" >&2; exit 1; }
fi
touch "$marker"
