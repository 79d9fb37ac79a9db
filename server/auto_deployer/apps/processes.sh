# Reading the processes of an app's release. Needs bash or sh with /proc (Linux) or ps (macOS); nothing here changes anything.
#
# A process belongs to a release when its environment carries AUTO_DEPLOYER_APP=<mark>, or when it is in the session that the
# app's first process leads: programs that overwrite their environment (setproctitle) show no mark, children that call setsid
# leave the session, so both are looked at. A zombie counts as dead.

has_proc() { [ -d /proc/self ]; }

# started_at PID: a text that differs once the pid is used again; fails when there is no such process.
started_at() {
  if has_proc; then
    { read -r keeper_stat < "/proc/$1/stat"; } 2>/dev/null || return 1
    # The name before the last ")" may hold blanks; behind it the first field is the state, the 20th the start time.
    set -- ${keeper_stat##*) }
    [ "$1" != Z ] && printf '%s\n' "${20}"
  else
    keeper_stat=$(ps -o lstart= -p "$1" 2>/dev/null) && printf '%s\n' "$keeper_stat"
  fi
}

# leader_of RUN_DIR: the app's first process, unless its pid belongs to another process by now.
leader_of() {
  keeper_leader='' keeper_token=''
  { read -r keeper_leader keeper_token < "$1/pid"; } 2>/dev/null || return 0
  keeper_now=$(started_at "$keeper_leader") && [ "$keeper_now" != "$keeper_token" ] && return 0
  printf '%s\n' "$keeper_leader"
}

# see_processes [MARK]: one look at all processes, that live_processes goes by from then on, for any number of releases; without a
# MARK whatever theirs is.
see_processes() {
  has_proc || return 0
  keeper_environs=$(grep -lsaF "AUTO_DEPLOYER_APP=${1-}" /proc/[0-9]*/environ)
  # The name before the last ")" may hold anything; behind it come state, parent, group and session.
  keeper_table=$(cat /proc/[0-9]*/stat 2>/dev/null |
    LC_ALL=C sed -n 's/^\([0-9]*\) (.*) [^ZX] [0-9]* \([0-9]*\) \([0-9]*\) .*/\1 \2 \3/p')
}

# live_processes RUN_DIR MARK: one line "pid group" for each live process of the release.
live_processes() {
  keeper_first=$(leader_of "$1")
  if has_proc; then
    keeper_seen=${keeper_table-}
    [ -n "$keeper_seen" ] || see_processes "$2"
    keeper_marked=$(grep -lsaF "AUTO_DEPLOYER_APP=$2" /dev/null $keeper_environs)
    # A pipe and no here-document: that may be a temporary file, and on a full disk nothing would seem to run.
    printf '%s\n' "$keeper_table" | while read -r keeper_pid keeper_group keeper_session && [ -n "$keeper_pid" ]; do
      case $keeper_marked in
        *"/proc/$keeper_pid/"*) ;;
        *) [ "$keeper_session" = "$keeper_first" ] || [ "$keeper_pid" = "$keeper_first" ] || continue ;;
      esac
      printf '%s %s\n' "$keeper_pid" "$keeper_group"
    done
    keeper_table=$keeper_seen
  elif [ -n "$keeper_first" ]; then
    ps -axo pid=,pgid=,stat= | while read -r keeper_pid keeper_group keeper_stat; do
      case $keeper_stat in Z*) continue ;; esac
      [ "$keeper_group" != "$keeper_first" ] || printf '%s %s\n' "$keeper_pid" "$keeper_group"
    done
  fi
}

# listening_table: all listening TCP sockets, raw, for apps/ports.py.
listening_table() {
  if has_proc; then
    grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null
  else
    lsof -nP -iTCP -sTCP:LISTEN -Fpn 2>/dev/null
  fi
  return 0
}

# sockets_of PID…: which sockets these processes hold, raw, for apps/ports.py (with lsof the table tells it already).
sockets_of() {
  has_proc || return 0
  keeper_folders=
  for keeper_pid in "$@"; do keeper_folders="$keeper_folders /proc/$keeper_pid/fd"; done
  [ -z "$keeper_folders" ] || ls -lR $keeper_folders 2>/dev/null | grep '^/proc/\|socket:\['
  return 0
}

# is_listening PORT: somebody listens there, as far as /proc tells.
is_listening() {
  grep -qs "$(printf ':%04X [0-9A-F]*:0000 0A ' "$1")" /proc/net/tcp /proc/net/tcp6
}

# await_port PORT RUN_DIR: for about half a second, or until somebody listens there or the app has ended. Run by bash.
await_port() {
  has_proc && keeper_tries=20 || keeper_tries=4
  keeper_since=$SECONDS # on a busy machine a try takes a while
  while [ "$keeper_tries" -gt 0 ] && [ $((SECONDS - keeper_since)) -lt 2 ] && [ ! -e "$2/exit" ] && ! is_listening "$1"; do
    keeper_tries=$((keeper_tries - 1))
    sleep 0.025
  done
}

# waiting_keeper RUN_DIR: the keeper's own process, while it lives.
waiting_keeper() {
  keeper_keeper='' keeper_token=''
  { read -r keeper_keeper keeper_token < "$1/keeper"; } 2>/dev/null || return 0
  keeper_now=$(started_at "$keeper_keeper") && [ "$keeper_now" = "$keeper_token" ] && printf '%s\n' "$keeper_keeper"
  return 0
}
