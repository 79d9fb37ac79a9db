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

# live_processes RUN_DIR MARK: one line "pid group" for each live process of the release.
live_processes() {
  keeper_first=$(leader_of "$1")
  if has_proc; then
    keeper_marked=" $(grep -lsaF "AUTO_DEPLOYER_APP=$2" /proc/[0-9]*/environ | tr -dc '0-9\n' | tr '\n' ' ') "
    for keeper_file in /proc/[0-9]*/stat; do
      { read -r keeper_stat < "$keeper_file"; } 2>/dev/null || continue
      keeper_pid=${keeper_stat%% *}
      set -- ${keeper_stat##*) }
      [ "$1" != Z ] && [ "$1" != X ] || continue
      case $keeper_marked in
        *" $keeper_pid "*) ;;
        *) [ "$4" = "$keeper_first" ] || [ "$keeper_pid" = "$keeper_first" ] || continue ;;
      esac
      printf '%s %s\n' "$keeper_pid" "$3"
    done
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
  for keeper_pid in "$@"; do
    printf '/proc/%s/fd:\n' "$keeper_pid"
    ls -l "/proc/$keeper_pid/fd" 2>/dev/null | grep 'socket:\['
  done
  return 0
}

# waiting_keeper RUN_DIR: the keeper's own process, while it lives.
waiting_keeper() {
  keeper_keeper='' keeper_token=''
  { read -r keeper_keeper keeper_token < "$1/keeper"; } 2>/dev/null || return 0
  keeper_now=$(started_at "$keeper_keeper") && [ "$keeper_now" = "$keeper_token" ] && printf '%s\n' "$keeper_keeper"
  return 0
}
