# Tells what is on a host, one tab-separated record a line. Reads only; bash 3.2 and the tools of macOS are enough.
#
#   fact <name> <value>
#   tool <order> <name> <path> <what it said about its version>     the lowest order of a name is the one on PATH
#   port <number>                                                   free on loopback
#
# Version queries run in parallel, each with a time-out, so that one slow or hanging tool costs no more than itself.
# Where a version stands in a file or a folder's name nothing is run at all.

export LC_ALL=C CI=1 COREPACK_ENABLE_NETWORK=0 COREPACK_ENABLE_DOWNLOAD_PROMPT=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 NO_COLOR=1
QUERY_S=3

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
first() { ls -d "$@" 2>/dev/null | head -n 1; }

# in_real_folder PATH: links in the folder's path resolved (fnm's go away with the shell that made them), the file's name kept.
in_real_folder() { (cd "$(dirname "$1")" && printf '%s/%s\n' "$(pwd -P)" "$(basename "$1")"); }

# real PATH: all links resolved (macOS got `readlink -f` late).
real() {
  file=$1
  while link=$(readlink "$file"); do
    case "$link" in /*) file=$link ;; *) file=$(dirname "$file")/$link ;; esac
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
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  fact os "$os"
  fact kernel "$(uname -r)"
  fact arch "$(uname -m)"
  fact hostname "$(uname -n)"
  fact user "$(id -un)"
  fact home "$HOME"
  fact shell "${SHELL:-}"
  if [ "$os" = darwin ]; then
    fact distribution "$(sw_vers -productName) $(sw_vers -productVersion)"
    fact memory_bytes "$(sysctl -n hw.memsize)"
  else
    fact distribution "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release /usr/lib/os-release 2>/dev/null | head -n 1 | tr -d "\"'")"
    fact memory_kb "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
    fact memory_limit_bytes "$(cat /sys/fs/cgroup/memory.max 2>/dev/null)"
  fi
  fact cpu_count "$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc)"
  fact disk_free_kb "$(df -Pk "$HOME" | awk 'NR == 2 { print $4 }')"
  [ -d /run/systemd/system ] && fact systemd yes
  if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || grep -qsE 'docker|kubepods|containerd|lxc' /proc/1/cgroup; then
    fact container yes
  fi
}

docker_engine() {
  have docker && limited docker version --format '{{.Server.Version}}' >/dev/null 2>&1 </dev/null && fact docker_engine yes
}

listening_ports() {
  if [ -r /proc/net/tcp ]; then
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' | while read -r hex; do echo $((16#$hex)); done
  else
    netstat -an 2>/dev/null | awk '$NF == "LISTEN" { sub(/.*[.:]/, "", $4); print $4 }'
  fi
}

free_ports() {
  taken=" $(listening_ports | tr '\n' ' ') "
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

# ask ORDER NAME ARGS...: the version the tool tells. One that fails does not work; one that hangs is there without a version.
ask() {
  order=$1 name=$2
  shift 2
  path=$(command -v "$name") || return
  is_stub "$path" && return
  path=$(unshimmed "$name" "$path")
  [ -n "$path" ] || return
  said=$(limited "$path" "$@" 2>&1 </dev/null)
  case $? in
    0) tool "$order" "$name" "$path" "$(printf '%s' "$said" | head -n 4 | tr '\t\n' '  ')" ;;
    124 | 137 | 142) tool "$order" "$name" "$path" "" ;;
  esac
}

# Programs written in JavaScript start slowly, and their package says the version.
ask_package() {
  path=$(unshimmed "$2" "$(command -v "$2")")
  [ -n "$path" ] || return
  package=$(dirname "$(dirname "$(real "$path")")")/package.json
  if grep -qs "\"name\": *\"$2\"" "$package"; then
    tool "$1" "$2" "$path" "$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$package" | head -n 1)"
  else
    ask "$1" "$2" --version
  fi
}

# JVM tools start slowly too; their libraries are named by version.
ask_jar() {
  path=$(unshimmed "$2" "$(command -v "$2")")
  [ -n "$path" ] || return
  jar=$(first "$(dirname "$(dirname "$(real "$path")")")"/lib/"$3"-[0-9]*.[0-9]*.jar)
  if [ -n "$jar" ]; then tool "$1" "$2" "$path" "$(basename "$jar" .jar)"; else ask "$1" "$2" --version; fi
}

# The interpreter itself tells where it is: shims, links and virtual environments are seen through.
ask_python() {
  is_stub "$2" && return
  said=$(limited "$2" -ISc 'import os, sys; print("%d.%d.%d\t" % sys.version_info[:3] + os.path.realpath(sys.executable))' 2>/dev/null </dev/null) || return
  case "$said" in 3.*) tool "$1" python3 "${said#*	}" "${said%%	*}" ;; esac
}

ask_node() {
  said=$(limited node -p 'process.versions.node + "\t" + process.execPath' 2>/dev/null </dev/null) || return
  tool "$1" node "${said#*	}" "${said%%	*}"
}

# installed ORDER NAME PROGRAM FOLDERS...: versions side by side, each folder named by its version; told without running them.
installed() {
  order=$1 name=$2 program=$3
  shift 3
  for dir in "$@"; do
    version=$(basename "$dir")
    case "$version" in installation) version=$(basename "$(dirname "$dir")") ;; esac
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
  for name in bun deno uv poetry git bash ruby bundle php composer cargo dotnet dart swift hugo curl docker; do ask 300 "$name" --version & done
  ask 300 go version &
  ask 300 java -version &
  ask 300 elixir --short-version &
  ask 300 ss -V &
  ask_jar 300 mvn maven-core &
  ask_jar 300 gradle gradle-launcher &
  wait
}

exec 2>/dev/null
system &
docker_engine &
free_ports &
tools &
wait
