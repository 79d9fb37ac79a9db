# Tells what is on a host, one tab-separated record a line. Reads only; bash 3.2 and the tools of macOS are enough.
#
#   fact <name> <value>
#   tool <order> <name> <path> <what it said about its version>     the lowest order of a name is the one on PATH
#   port <number>                                                   free on loopback
#   said <path> <stamp> <answer>                                    what this very file answered: worth KNOWN the next time
#
# KNOWN may hold lines "<path> <stamp> <answer>" (tabs between) of an earlier run on this host: who is known is not run again.
#
# Version queries run in parallel, each with a time-out, so that one slow or hanging tool costs no more than itself.
# Where a version stands in a file or a folder's name nothing is run at all. What bash can do alone it does: an editor's PATH
# may be short, and of a program that is missing only its own fact is.

export LC_ALL=C CI=1 COREPACK_ENABLE_NETWORK=0 COREPACK_ENABLE_DOWNLOAD_PROMPT=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 NO_COLOR=1
QUERY_S=10 # a busy machine takes seconds to start an interpreter
newline=$'\n' tab=$'\t'

# An editor started from a desktop has a short PATH: look where installers and version managers put things, after PATH itself.
for dir in "$HOME/.local/bin" "$HOME/bin" "$HOME/.cargo/bin" "$HOME/go/bin" "$HOME/.bun/bin" "$HOME/.deno/bin" "$HOME/.volta/bin" \
  "$HOME/.local/share/pnpm" "$HOME/Library/pnpm" "$HOME/.pyenv/shims" "$HOME/.pyenv/bin" \
  "$HOME/.rbenv/shims" "$HOME/.rbenv/bin" "$HOME/.asdf/shims" "$HOME/.asdf/bin" \
  "$HOME/.local/share/mise/shims" "$HOME/.dotnet" "$HOME/.sdkman/candidates/java/current/bin" /opt/homebrew/bin \
  /home/linuxbrew/.linuxbrew/bin /usr/local/bin /usr/local/go/bin /snap/bin; do
  [ -d "$dir" ] && PATH="$PATH:$dir"
done

have() { command -v "$1" >/dev/null 2>&1; }
fact() { printf 'fact\t%s\t%s\n' "$1" "$2"; }
tool() { printf 'tool\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"; }
first() { for path in "$@"; do [ -e "$path" ] && printf '%s\n' "$path" && return; done; }

# folder PATH: the folder that an absolute path lies in.
folder() {
  dir=${1%/*}
  printf '%s\n' "${dir:-/}"
}

# in_real_folder PATH: links in the folder's path resolved (fnm's go away with the shell that made them), the file's name kept.
in_real_folder() { (cd "$(folder "$1")" && dir=$(pwd -P) && printf '%s/%s\n' "${dir%/}" "${1##*/}"); }

# found_in FILE REGEX: what the regex's group matches first.
found_in() {
  [ -r "$1" ] && text=$(<"$1") && [[ $text =~ $2 ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# real PATH: all links resolved (macOS got `readlink -f` late).
real() {
  file=$1
  while link=$(readlink "$file"); do
    case "$link" in /*) file=$link ;; *) file=$(folder "$file")/$link ;; esac
  done
  in_real_folder "$file"
}

if have timeout; then
  limited() { timeout -k 1 "$QUERY_S" "$@"; }
elif have perl; then
  limited() { perl -e 'alarm shift; exec @ARGV' "$QUERY_S" "$@"; }
else
  limited() { "$@"; }
fi

# ---- the machine ----

system() {
  case "$OSTYPE" in linux*) os=linux ;; darwin*) os=darwin ;; *) os=$OSTYPE ;; esac
  fact os "$os"
  fact kernel "$(uname -r)"
  fact arch "$(uname -m || printf '%s' "$HOSTTYPE")"
  fact hostname "$(uname -n || printf '%s' "$HOSTNAME")"
  fact user "$(id -un || printf '%s' "${USER:-}")"
  fact home "$HOME"
  fact shell "${SHELL:-}"
  if [ "$os" = darwin ]; then
    fact distribution "$(sw_vers -productName) $(sw_vers -productVersion)"
    fact memory_bytes "$(sysctl -n hw.memsize)"
  else
    fact distribution "$(distribution)"
    fact memory_kb "$(found_in /proc/meminfo 'MemTotal: *([0-9]+) kB')"
    fact memory_limit_bytes "$(found_in /sys/fs/cgroup/memory.max '([0-9]+)')"
  fi
  fact cpu_count "$(getconf _NPROCESSORS_ONLN || nproc || cpus)"
  fact disk_free_kb "$(disk_free_kb)"
  [ -d /run/systemd/system ] && fact systemd yes
  if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -n "$(found_in /proc/1/cgroup '(docker|kubepods|containerd|lxc)')" ]; then
    fact container yes
  fi
}

distribution() {
  name=$(found_in "$(first /etc/os-release /usr/lib/os-release)" "PRETTY_NAME=([^$newline]*)")
  name=${name#[\"\']}
  printf '%s\n' "${name%[\"\']}"
}

cpus() {
  count=0
  while read -r line; do case "$line" in processor*) count=$((count + 1)) ;; esac; done </proc/cpuinfo
  printf '%s\n' "$count"
}

disk_free_kb() {
  df -Pk "$HOME" | {
    read -r _
    read -r _ _ _ free _
    printf '%s\n' "$free"
  }
}

# The engine that answers: docker's, else podman's. The client alone tells nothing; where the engine itself is, its address says.
container_engine() {
  if have docker && said=$(limited docker version --format '{{.Server.Version}}' 2>/dev/null </dev/null) && [ -n "$said" ]; then
    fact docker_engine yes
    name=docker address=${DOCKER_HOST:-$(limited docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null </dev/null)}
  elif have podman && said=$(limited podman info --format '{{.Version.Version}}' 2>/dev/null </dev/null) && [ -n "$said" ]; then
    name=podman address=${CONTAINER_HOST:-}
  else
    return
  fi
  fact engine "$name"
  fact engine_version "$said"
  fact engine_address "$address"
  for variable in DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY CONTAINER_HOST; do
    [ -n "${!variable:-}" ] && fact "engine_env_$variable" "${!variable}"
  done
  compose "$name"
}

# compose ENGINE: what runs compose files with it.
compose() {
  for words in "$1 compose" "$1-compose"; do
    have "${words%% *}" || continue
    said=$(limited $words version --short 2>/dev/null </dev/null) && [ -n "$said" ] || continue
    fact compose "$words"
    fact compose_version "${said##*"$newline"}"
    return
  done
}

listening_ports() {
  if [ -r /proc/net/tcp ]; then
    row='^ *[0-9]+: [0-9A-F]+:([0-9A-F]+) [0-9A-F]+:[0-9A-F]+ 0A '
    IFS=$newline
    for line in $(</proc/net/tcp) $(</proc/net/tcp6); do
      [[ $line =~ $row ]] && printf '%d ' "$((16#${BASH_REMATCH[1]}))"
    done
  else
    netstat -an | while read -r _ _ _ local _ state _; do [ "$state" = LISTEN ] && printf '%s ' "${local##*[.:]}"; done
  fi
}

free_ports() {
  taken=" $(listening_ports) "
  if [ -r /proc/net/tcp ] || have netstat; then fact listening_ports "$taken"; fi
  found=0
  for port in 8000 8001 8002 8003 8004 8005 8080 8081 8082 3000 3001 3002 5000 5001 8100 8101 8102 8103 8888 9000 9001; do
    case "$taken" in *" $port "*) continue ;; esac
    printf 'port\t%s\n' "$port"
    found=$((found + 1))
    [ "$found" -eq 12 ] && return
  done
}

# ---- tools ----

# A shim of a version manager is only as good as what it points to.
unshimmed() {
  case "$2" in
    */pyenv/shims/* | */.pyenv/shims/*) limited pyenv which "$1" 2>/dev/null ;;
    */.rbenv/shims/*) limited rbenv which "$1" 2>/dev/null ;;
    */.asdf/shims/*) limited asdf which "$1" 2>/dev/null ;;
    */mise/shims/*) limited mise which "$1" 2>/dev/null ;;
    */.volta/bin/*) limited volta which "$1" 2>/dev/null ;;
    *) in_real_folder "$2" ;;
  esac
}

# macOS has stubs in /usr/bin that open an installer window unless the developer tools are there.
is_stub() {
  case "$1" in /usr/bin/python3 | /usr/bin/git | /usr/bin/swift) [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1 ;; *) false ;; esac
}

# beginning TEXT: its first lines as one.
beginning() {
  rest=${1//$tab/ } text=
  for _ in 1 2 3 4; do
    text="$text${text:+ }${rest%%"$newline"*}"
    case "$rest" in *"$newline"*) rest=${rest#*"$newline"} ;; *) break ;; esac
  done
  printf '%s' "$text"
}

# stamp NAME PATH: differs once another file is there; empty where the answer is not the file's alone. Programs that hand a
# question on (shims, rustup, swiftly, snap, Go's and .NET's choice of a toolchain) are no such file. What a script says may
# come from elsewhere: an hour.
stamp() {
  case "$1" in cargo | dotnet | go | uv) return ;; esac
  case "$2" in */shims/* | */.volta/* | */swiftly/* | */.cargo/bin/* | */snap/bin/*) return ;; esac
  IFS= read -r -n 4 magic <"$2"
  case "$magic" in
    $'\x7fELF') hour= ;;
    '#!'*) hour=:$(($(date +%s) / 3600)) ;;
    *) return ;;
  esac
  mark=$(stat -L -c '%h:%d:%i:%s:%Z' "$2") || return
  case "$mark" in 1:*) printf '%s%s\n' "$mark" "$hour" ;; esac # a file of several names may be one that hands on
}

# answer NAME PATH QUERY...: sets `said`, in one line; fails as the query does. A file that has answered before is not run.
answer() {
  mark=$(stamp "$1" "$2") asked=$2
  shift 2
  case "$KNOWN" in
    *"$newline$asked$tab${mark:-none}$tab"*)
      said=${KNOWN#*"$newline$asked$tab$mark$tab"} said=${said%%"$newline"*}
      ;;
    *)
      said=$("$@" </dev/null) || return
      said=$(beginning "$said")
      ;;
  esac
  [ -z "$mark" ] || printf 'said\t%s\t%s\t%s\n' "$asked" "$mark" "$said"
}

whatever_it_says() { limited "$@" 2>&1; }

# ask ORDER NAME ARGS...: the version the tool tells. One that fails does not work; one that hangs is there without a version.
ask() {
  order=$1 name=$2
  shift 2
  path=$(command -v "$name") || return
  is_stub "$path" && return
  path=$(unshimmed "$name" "$path")
  [ -n "$path" ] || return
  answer "$name" "$path" whatever_it_says "$path" "$@"
  case $? in
    0) tool "$order" "$name" "$path" "$said" ;;
    124 | 137 | 142) tool "$order" "$name" "$path" "" ;;
  esac
}

# Programs written in JavaScript start slowly, and their package says the version.
ask_package() {
  path=$(unshimmed "$2" "$(command -v "$2")")
  [ -n "$path" ] || return
  package=$(folder "$(folder "$(real "$path")")")/package.json
  if [ -n "$(found_in "$package" "\"name\": *\"($2)\"")" ]; then
    tool "$1" "$2" "$path" "$(found_in "$package" '"version": *"([^"]*)"')"
  else
    ask "$1" "$2" --version
  fi
}

# JVM tools start slowly too; their libraries are named by version.
ask_jar() {
  path=$(unshimmed "$2" "$(command -v "$2")")
  [ -n "$path" ] || return
  jar=$(first "$(folder "$(folder "$(real "$path")")")"/lib/"$3"-[0-9]*.[0-9]*.jar)
  jar=${jar##*/}
  if [ -n "$jar" ]; then tool "$1" "$2" "$path" "${jar%.jar}"; else ask "$1" "$2" --version; fi
}

# The interpreter itself tells where it is: shims, links and virtual environments are seen through.
ask_python() {
  is_stub "$2" && return
  answer python3 "$2" limited "$2" -ISc 'import os, sys; print("%d.%d.%d " % sys.version_info[:3] + os.path.realpath(sys.executable))' || return
  case "$said" in 3.*) tool "$1" python3 "${said#* }" "${said%% *}" ;; esac
}

ask_node() {
  answer node "$(command -v node)" limited node -p 'process.versions.node + " " + process.execPath' || return
  tool "$1" node "${said#* }" "${said%% *}"
}

# installed ORDER NAME PROGRAM FOLDERS...: versions side by side, each folder named by its version; told without running them.
installed() {
  order=$1 name=$2 program=$3
  shift 3
  for dir in "$@"; do
    version=${dir%/installation}
    version=${version##*/}
    version=${version#cpython-}
    case "$version" in [0-9]* | v[0-9]*) [ -x "$dir/$program" ] && tool "$order" "$name" "$(real "$dir/$program")" "$version" ;; esac
  done
}

pythons() {
  order=100
  for name in python3 python; do
    order=$((order + 1))
    have "$name" && ask_python "$order" "$(command -v "$name")" &
  done
  IFS=:
  set -- $PATH
  unset IFS
  seen=" "
  for dir in "$@"; do
    case "$seen$dir" in *" $dir "* | */shims) continue ;; esac # shims point to what is found by folder below
    seen="$seen$dir "
    for path in "$dir"/python3.[0-9] "$dir"/python3.[0-9][0-9]; do
      order=$((order + 1))
      [ -x "$path" ] && ask_python "$order" "$path" &
    done
  done
  installed 400 python3 bin/python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/* "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/* \
    "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/python/* "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/python/*
  for path in /opt/homebrew/opt/python@3.*/bin/python3.* /usr/local/opt/python@3.*/bin/python3.* /home/linuxbrew/.linuxbrew/opt/python@3.*/bin/python3.*; do
    case "$path" in *-config | *'*'*) ;; *) ask_python 410 "$path" & ;; esac
  done
  wait
}

nodes() {
  have node && ask_node 200 &
  installed 420 node bin/node "${NVM_DIR:-$HOME/.nvm}"/versions/node/* "${VOLTA_HOME:-$HOME/.volta}"/tools/image/node/* \
    "${FNM_DIR:-$HOME/.local/share/fnm}"/node-versions/*/installation "$HOME/.fnm"/node-versions/*/installation \
    "$HOME/Library/Application Support/fnm"/node-versions/*/installation \
    "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/nodejs/* "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/node/*
  wait
}

tools() {
  pythons &
  nodes &
  for name in npm pnpm yarn; do ask_package 300 "$name" & done
  for name in bun deno uv poetry git bash ruby bundle php composer cargo dotnet dart swift curl docker; do ask 300 "$name" --version & done
  ask 300 go version &
  ask 300 hugo version &
  ask 300 java -version &
  ask 300 elixir --short-version &
  ask 300 ss -V &
  ask_jar 300 mvn maven-core &
  ask_jar 300 gradle gradle-launcher &
  wait
}

exec 2>/dev/null
system &
container_engine &
free_ports &
tools &
wait
