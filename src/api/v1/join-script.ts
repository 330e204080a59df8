import { NOT_BUILT } from './agent-file.ts';

type JoinScript = Readonly<{
  /** PEM of the cluster's CA. */
  caPem: string;
  /** Of the agent's executable; undefined where the manager has none. */
  agentSha256: string | undefined;
}>;

/**
 * The script behind the join command: POSIX sh, safe to run again. It fetches the agent, installs Docker from the
 * distribution where it is missing, and starts the agent with the token. Nothing in it is secret, and nothing in it comes
 * from a user. All of it is inside functions, so that a download which broke off does nothing.
 */
export function joinScript({ caPem, agentSha256 }: JoinScript): string {
  return SCRIPT.replace('@CA@', () => caPem.trim())
    .replace('@SHA256@', () => agentSha256 ?? '')
    .replace('@NOT_BUILT@', () => NOT_BUILT.replaceAll('"', "'"));
}

const SCRIPT = String.raw`#!/bin/sh
# Makes this machine a host of a Berth cluster. Options: see usage below.
set -eu

SHA256='@SHA256@'
ca_pem() {
  cat <<'END_OF_CA'
@CA@
END_OF_CA
}

usage() {
  cat <<'END_OF_USAGE'
usage: join.sh --manager HOST:PORT --token TOKEN [options for berth-agent]
  --name NAME        what the host is called (its host name unless told)
  --label KEY=VALUE  a label of the host; may be repeated
  --data-addr IP     address at which other hosts reach this one
  --data-dir DIR     where the agent keeps its state (/var/lib/berth-agent)
  --engine URL       the Docker Engine (unix:///var/run/docker.sock)
  --bin-dir DIR      where the agent's executable goes (/usr/local/bin)
  --no-install       do not install Docker where it is missing
END_OF_USAGE
}

say() { printf 'berth: %s\n' "$*"; }
fail() {
  printf 'berth: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  -> %s\n' "$2" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
systemd_runs() { [ -d /run/systemd/system ] && have systemctl; }

# Docker from the distribution's own packages, with the package manager that is there.
install_docker() {
  if have apt-get; then
    say 'installing Docker from the distribution: apt-get install docker.io'
    DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends docker.io iptables ca-certificates >/dev/null
  elif have dnf; then
    say 'installing Docker from the distribution: dnf install moby-engine (or docker)'
    dnf install -y -q moby-engine || dnf install -y -q docker
  elif have yum; then
    say 'installing Docker from the distribution: yum install docker'
    yum install -y -q docker
  elif have zypper; then
    say 'installing Docker from the distribution: zypper install docker'
    zypper --quiet --non-interactive install docker
  elif have apk; then
    say 'installing Docker from the distribution: apk add docker'
    apk add --quiet docker
  elif have pacman; then
    say 'installing Docker from the distribution: pacman -S docker'
    pacman -S --needed --noconfirm --quiet docker
  else
    fail 'found no package manager that this script knows' 'install Docker Engine yourself (https://docs.docker.com/engine/install/), then run the same line again'
  fi
  have dockerd || fail 'the distribution has no Docker Engine under that name' 'install it as https://docs.docker.com/engine/install/ says, then run the same line again'
}

start_docker() {
  [ ! -S /var/run/docker.sock ] || return 0
  say 'starting Docker'
  if systemd_runs; then
    systemctl enable --now docker
  elif have rc-service; then
    rc-update add docker default >/dev/null 2>&1 || true
    rc-service docker start
  elif have service && [ -e /etc/init.d/docker ]; then
    service docker start >/dev/null
  else
    nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
  fi
  waited=0
  while [ ! -S /var/run/docker.sock ]; do
    [ "$waited" -lt 60 ] || fail 'Docker did not start within 60 s' 'see what "dockerd" says, then run the same line again'
    waited=$((waited + 1))
    sleep 1
  done
}

fetch_agent() {
  target="$bin_dir/berth-agent"
  mkdir -p "$bin_dir"
  if [ -x "$target" ] && printf '%s  %s\n' "$SHA256" "$target" | sha256sum -c - >/dev/null 2>&1; then
    say "the agent is at $target already"
    return 0
  fi
  say "fetching the agent from $manager"
  ca_pem >"$work/ca.pem"
  # Beside its place, so that the last step is a rename: a running agent keeps the file that it was started from.
  fetched="$(mktemp "$bin_dir/.berth-agent.XXXXXX")"
  curl -gfsS --cacert "$work/ca.pem" "https://$manager/v1/agent/linux-x64" -o "$fetched" ||
    fail "cannot fetch the agent from https://$manager" 'is the port open from this machine to the manager?'
  printf '%s  %s\n' "$SHA256" "$fetched" | sha256sum -c - >/dev/null 2>&1 ||
    fail 'the agent that came is not the one which the manager announced' 'run the same line again; if it stays so, something between here and the manager changes downloads'
  chmod 755 "$fetched"
  "$fetched" --version >/dev/null 2>&1 ||
    fail 'the agent does not run on this system' 'it needs glibc 2.28 or newer and libstdc++ (Alpine: use a host with glibc)'
  mv -f "$fetched" "$target"
  fetched=''
}

cleanup() {
  rm -rf "$work"
  [ -z "$fetched" ] || rm -f "$fetched"
}

main() {
  # The line that runs this script has made that file, and its last word can only be this script's arguments.
  [ -z "${'$'}{BERTH_CA_FILE:-}" ] || rm -f "$BERTH_CA_FILE"
  manager='' token='' install=yes engine='' bin_dir=/usr/local/bin
  # Whatever is for the agent goes to the end of the arguments, in its order: these need no quoting.
  count=$#
  while [ "$count" -gt 0 ]; do
    option="$1"
    case "$option" in
      --help | -h)
        usage
        return 0
        ;;
      --no-install)
        install=no
        shift
        count=$((count - 1))
        ;;
      --manager | --token | --name | --label | --data-addr | --data-dir | --engine | --bin-dir)
        [ "$count" -ge 2 ] || fail "$option needs a value" 'run with --help to see the options'
        case "$option" in
          --manager) manager="$2" ;;
          --token) token="$2" ;;
          --engine) engine="$2" ;;
          --bin-dir) bin_dir="$2" ;;
        esac
        case "$option" in
          --manager | --token | --bin-dir) ;;
          *) set -- "$@" "$option" "$2" ;;
        esac
        shift 2
        count=$((count - 2))
        ;;
      *) fail "unknown option $option" 'run with --help to see the options' ;;
    esac
  done
  [ -n "$manager" ] || fail '--manager is missing' 'copy the whole line that "berth token create" prints'
  [ -n "$token" ] || fail '--token is missing' 'copy the whole line that "berth token create" prints'
  [ -n "$SHA256" ] || fail 'this manager has no agent executable to give away' "@NOT_BUILT@"
  [ "$(id -u)" = 0 ] || fail 'this must run as root' 'put "sudo" before "sh" in the line'
  [ "$(uname -s)" = Linux ] || fail "hosts run Linux; this is $(uname -s)"
  case "$(uname -m)" in
    x86_64 | amd64) ;;
    *) fail "there is no agent for $(uname -m) yet" 'use an x86_64 machine' ;;
  esac
  for tool in curl sha256sum mktemp; do
    have "$tool" || fail "$tool is missing" "install the package that has it, then run the same line again"
  done

  work="$(mktemp -d)"
  fetched=''
  trap cleanup EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM

  fetch_agent
  if [ -z "$engine" ]; then
    if ! have dockerd && [ ! -S /var/run/docker.sock ]; then
      [ "$install" = yes ] || fail 'Docker is missing, and --no-install forbids to install it' 'install Docker Engine, then run the same line again'
      install_docker
    fi
    start_docker
  fi

  if systemd_runs; then set -- "$@" --service; fi
  say "joining the cluster at $manager"
  # The agent installs its unit where systemd runs; elsewhere it goes into the background by itself.
  "$target" agent --join "$token" --manager "$manager" "$@"
}

main "$@"
`;
