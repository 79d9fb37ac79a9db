# The app keeper: starts a release of an app so that it outlives whoever started it, starts it again when it crashes, keeps its
# log small, notes how it ends, and stops it.
#
#   bash keeper.sh start RELEASE PORT HOST [up]  returns as soon as the process runs; up: it has proven itself before
#   bash keeper.sh stop RELEASE GRACE_S [FOR]    TERM to the whole group and to stragglers, KILL after the grace; FOR is the
#                                                release it makes room for: unless that goes live, it is to be started again
#   bash keeper.sh share RELEASE PATH…           move data of a stopped release to shared/data/ and link it back
#   bash keeper.sh rescue RELEASE PATH…          move data of a release that is to be deleted to shared/rescued/<release>/
#   bash keeper.sh link RELEASE                  link the kept data into a release that is being prepared
#   bash keeper.sh discard RELEASE…              remove what a container engine keeps of releases that are to be deleted
#   bash keeper.sh discard_data RELEASE          remove the volumes that it keeps for the app
#
# It lies in <deploy dir>/run/; what it knows of a release lies in run/<release>/: command, cwd, env, upkeep and mark (written
# before the start), up (made once it is proven: from then on it is started again when it ends without having been asked to)
# and proven (made then too, and kept), pid, port, started, exit, stopping (holds FOR), keeper (its own process), restarts,
# last_exit, gave_up and app.log (written here); engine_stop, engine_remove and engine_remove_data where a container engine
# runs it. Variables are named keeper_* because an app's env file may set any other name.

keeper_root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
keeper_self=$keeper_root/run/$(basename "$0")
keeper_release=${2:?a release is needed}
keeper_run=$keeper_root/run/$keeper_release

# new_session COMMAND…: become the leader of a session of one's own (macOS has no setsid program).
new_session() {
  if command -v setsid > /dev/null 2>&1; then
    exec setsid "$@"
  elif command -v perl > /dev/null 2>&1; then
    exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV or exit 127' -- "$@"
  else
    exec python3 -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@"
  fi
}

# Only what an app needs of its starter's environment: nothing that was set for build commands (CI, DEBIAN_FRONTEND), no keys.
forget_environment() {
  for keeper_name in $(compgen -e); do
    case $keeper_name in
      PATH | HOME | USER | LOGNAME | SHELL | LANG | LANGUAGE | LC_* | TZ | TMPDIR | TMP | TEMP | XDG_*) ;;
      HTTP_PROXY | HTTPS_PROXY | NO_PROXY | ALL_PROXY | http_proxy | https_proxy | no_proxy | all_proxy) ;;
      SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | NODE_EXTRA_CA_CERTS) ;;
      NVM_* | FNM_* | VOLTA_HOME | PYENV_* | RBENV_* | NODENV_* | ASDF_* | MISE_* | SDKMAN_DIR) ;;
      JAVA_HOME | DOTNET_ROOT | GEM_HOME | GEM_PATH) ;;
      *) unset "$keeper_name" 2> /dev/null ;;
    esac
  done
}

# The app must hold no pipe of its starter; 255 is where bash reads this script.
close_descriptors() {
  for keeper_fd in /dev/fd/*; do
    keeper_fd=${keeper_fd##*/}
    case $keeper_fd in 0 | 1 | 2 | 255 | *[!0-9]*) ;; *) eval "exec $keeper_fd>&-" ;; esac
  done
}

# load_env FILE: export its KEY=VALUE lines as they stand; "…" holds escapes such as \n, '…' is literal. Nothing is executed.
load_env() {
  [ -f "$1" ] || return 0
  while IFS= read -r keeper_line || [ -n "$keeper_line" ]; do
    case $keeper_line in '#'*) continue ;; *=*) ;; *) continue ;; esac
    keeper_name=${keeper_line%%=*}
    keeper_value=${keeper_line#*=}
    case $keeper_name in '' | [0-9]* | *[!A-Za-z0-9_]* | keeper_*) continue ;; esac
    # Setting a variable that is read-only in some shell would end the shell.
    case $keeper_name in UID | EUID | PPID | SHELLOPTS | BASHOPTS | BASH_VERSINFO) continue ;; esac
    case $keeper_value in
      '"'*'"')
        keeper_value=${keeper_value#?}
        keeper_value=$(printf '%b.' "${keeper_value%?}")
        keeper_value=${keeper_value%.}
        ;;
      "'"*"'")
        keeper_value=${keeper_value#?}
        keeper_value=${keeper_value%?}
        ;;
    esac
    export "$keeper_name=$keeper_value"
    keeper_names="$keeper_names $keeper_name"
  done < "$1"
}

# in_engine: a container engine runs the release; the texts that deal with it lie beside its command.
in_engine() { [ -f "$keeper_run/engine_stop" ]; }

# end_in_engine GRACE_S: end what the engine still runs of the release, which no signal of ours reaches; fails when it does not.
end_in_engine() {
  GRACE=$1 bash "$keeper_run/engine_stop" < /dev/null
}

# run_app PORT HOST UMASK
run_app() {
  umask "$3"
  cd "$keeper_root/releases/$keeper_release/$(cat "$keeper_run/cwd")" || exit 127
  keeper_command=$(cat "$keeper_run/command") || exit 127
  unset AUTO_DEPLOYER_KEEPER
  load_env "$keeper_run/env"
  keeper_names=
  load_env "$keeper_root/shared/.env"
  if in_engine; then
    end_in_engine 0 # of an earlier run: its client may have been killed
    export "AUTO_DEPLOYER_ENV=$keeper_names" # what the app's container is to see
  fi
  export "PORT=$1" "HOST=$2" "AUTO_DEPLOYER_APP=$keeper_mark"
  set -- bash -c "$keeper_command"
  # A shell starts background jobs with INT and QUIT ignored, nohup its program with HUP, and an app would inherit that.
  if env --default-signal true 2> /dev/null; then # GNU's
    set -- env --default-signal "$@"
  elif python3 -c '' 2> /dev/null; then
    set -- python3 -c "$keeper_default_signals" "$@"
  fi
  new_session "$@"
}

keeper_default_signals='
import os, signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])'

# write FILE TEXT: readers see the whole text or nothing. On a full disk a text takes the place of the one before.
write() {
  { printf '%s\n' "$2" > "$1.new"; } 2> /dev/null && mv -f "$1.new" "$1" && return
  rm -f "$1.new" 2> /dev/null
  [ -f "$1" ] && printf '%s\n' "$2" > "$1"
}

# run_once PORT HOST UMASK: the app from start to end; its pid at once, its exit code when it ends. A signal to this shell alone
# interrupts `wait`, not the app.
run_once() {
  keeper_began=$(date +%s)
  run_app "$@" &
  keeper_app=$!
  write "$keeper_run/pid" "$keeper_app $(started_at "$keeper_app")"
  [ -n "$keeper_restarts" ] || rm -f "$keeper_run/stopping" # not before it runs: whoever finds this half done starts it again
  keeper_interrupted=1
  while [ -n "$keeper_interrupted" ]; do
    keeper_interrupted=
    wait "$keeper_app"
    keeper_code=$?
  done
  write "$keeper_run/exit" "$keeper_code $(date -u +%Y-%m-%dT%H:%M:%S+00:00)"
}

# is_wanted: it is the live release, it has proven itself, and nobody asked for its end (TERM to the keeper does: a shutdown).
is_wanted() {
  [ -z "$keeper_let_go" ] && [ -e "$keeper_run/up" ] && [ ! -e "$keeper_run/stopping" ] && is_my_release
}

is_my_release() {
  { read -r keeper_pid keeper_token < "$keeper_run/keeper"; } 2> /dev/null && [ "$keeper_pid" = "$$" ] &&
    [ "$(readlink "$keeper_root/current")" = "releases/$keeper_release" ]
}

# back_off: wait before another start, twice as long each time; fails when there is to be none. A steady run begins anew.
back_off() {
  if [ $(($(date +%s) - keeper_began)) -ge "$keeper_steady_s" ]; then keeper_quick=0 keeper_delay_s=$keeper_first_s; fi
  keeper_quick=$((keeper_quick + 1))
  if [ "$keeper_quick" -ge "$keeper_quick_max" ]; then
    write "$keeper_run/gave_up" "$keeper_quick"
    return 1
  fi
  keeper_left_s=$keeper_delay_s
  while [ "$keeper_left_s" -gt 0 ]; do
    sleep 1
    is_wanted || return 1
    keeper_left_s=$((keeper_left_s - 1))
  done
  keeper_delay_s=$((keeper_delay_s * 2))
  if [ "$keeper_delay_s" -gt "$keeper_max_s" ]; then keeper_delay_s=$keeper_max_s; fi
  is_wanted
}

# keep RELEASE PORT HOST UMASK: the app's parent.
keep() {
  write "$keeper_run/keeper" "$$ $(started_at $$)"
  keeper_first_s=1 keeper_max_s=60 keeper_steady_s=60 keeper_quick_max=10 keeper_log_bytes=10485760 keeper_log_kept=3
  if [ -f "$keeper_run/upkeep" ]; then
    read -r keeper_first_s keeper_max_s keeper_steady_s keeper_quick_max keeper_log_bytes keeper_log_kept < "$keeper_run/upkeep"
  fi
  watch_log > /dev/null 2>&1 &
  keeper_watcher=$!
  keeper_let_go='' keeper_restarts='' keeper_quick=0 keeper_delay_s=$keeper_first_s
  trap 'keeper_interrupted=1' INT HUP
  trap 'keeper_interrupted=1 keeper_let_go=1' TERM
  while :; do
    run_once "$2" "$3" "$4"
    # A program that put itself into the background has ended only when nothing of it is left.
    while is_wanted && [ -n "$(live_processes "$keeper_run" "$keeper_mark")" ]; do sleep 5; done
    is_wanted && back_off || break
    keeper_restarts=$((keeper_restarts + 1))
    mv -f "$keeper_run/exit" "$keeper_run/last_exit"
    write "$keeper_run/restarts" "$keeper_restarts"
    write "$keeper_run/started" "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)"
  done
  kill "$keeper_watcher" 2> /dev/null
}

# shift_logs: app.log.1 becomes app.log.2 and so on; the oldest goes.
shift_logs() {
  keeper_number=${keeper_log_kept:-3}
  rm -f "$keeper_run/app.log.$keeper_number"
  while [ "$keeper_number" -gt 1 ]; do
    keeper_newer=$((keeper_number - 1))
    if [ -e "$keeper_run/app.log.$keeper_newer" ]; then
      mv -f "$keeper_run/app.log.$keeper_newer" "$keeper_run/app.log.$keeper_number"
    fi
    keeper_number=$keeper_newer
  done
}

# rotate_log: what the log holds is copied and cut off, because the app has the file open (to append to it). What it writes
# meanwhile is copied too, up to the instant of the cut. On a full disk nothing is cut; the oldest makes room for the next try.
rotate_log() {
  keeper_size=$(wc -c < "$keeper_run/app.log") || return
  [ "$keeper_size" -gt "$keeper_log_bytes" ] || return
  shift_logs
  if head -c "$keeper_size" "$keeper_run/app.log" > "$keeper_run/app.log.1" &&
    tail -c "+$((keeper_size + 1))" "$keeper_run/app.log" >> "$keeper_run/app.log.1"; then
    : > "$keeper_run/app.log"
  else
    rm -f "$keeper_run/app.log.1"
  fi
}

# watch_log: beside the app, as long as its keeper lives.
watch_log() {
  while sleep 2 && kill -0 "$$" && { read -r keeper_pid keeper_token < "$keeper_run/keeper"; } && [ "$keeper_pid" = "$$" ]; do
    rotate_log
  done
}

# retire_keeper: nothing of the release runs: end a keeper that waits to start it again, and what it started in that instant.
retire_keeper() {
  keeper_waiting=$(waiting_keeper "$keeper_run")
  [ -n "$keeper_waiting" ] || return 0
  [ -e "$keeper_run/exit" ] || sleep 0.3 # it is about to write that
  kill -s KILL "$keeper_waiting" 2> /dev/null
  sleep 0.1
  signal_all KILL
}

start() {
  if [ -n "$(live_processes "$keeper_run" "$keeper_mark")" ]; then
    echo "release $2 is running already"
    return 0
  fi
  retire_keeper
  if [ ! -d "$keeper_root/releases/$2" ]; then
    echo "release $2 is not here: $keeper_root/releases/$2" >&2
    return 1
  fi
  keeper_umask=$(umask)
  umask 077
  settle_data "$2"
  rm -f "$keeper_run/pid" "$keeper_run/exit" "$keeper_run/last_exit" "$keeper_run/restarts" "$keeper_run/gave_up" "$keeper_run/up"
  if [ "${5:-}" = up ]; then : > "$keeper_run/up"; fi
  if [ -s "$keeper_run/app.log" ]; then
    shift_logs
    mv -f "$keeper_run/app.log" "$keeper_run/app.log.1"
  fi
  : > "$keeper_run/app.log" || return 1
  write "$keeper_run/port" "$3"
  write "$keeper_run/started" "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)"
  # The subshell in between ends at once, so that the keeper is reparented: killing our process tree does not reach it.
  (
    forget_environment
    close_descriptors
    export "AUTO_DEPLOYER_KEEPER=$keeper_mark" # tells whose process it is; the app does not get it
    cd / && new_session sh "$keeper_self" keep "$2" "$3" "$4" "$keeper_umask" < /dev/null >> "$keeper_run/app.log" 2>&1 &
  )
  keeper_tries=500
  while [ ! -s "$keeper_run/pid" ]; do
    keeper_tries=$((keeper_tries - 1))
    if [ "$keeper_tries" -eq 0 ]; then
      echo "the keeper of release $2 did not start; see $keeper_run/app.log" >&2
      return 1
    fi
    sleep 0.02
  done
  read -r keeper_app keeper_token < "$keeper_run/pid"
  echo "started release $2 as process $keeper_app with PORT=$3; its output: $keeper_run/app.log"
}

# signal_all SIGNAL: the group once, and each process that left it.
signal_all() {
  keeper_group=$(leader_of "$keeper_run")
  keeper_group_done=
  live_processes "$keeper_run" "$keeper_mark" | while read -r keeper_pid keeper_pgid; do
    if [ "$keeper_pgid" != "$keeper_group" ]; then
      kill -s "$1" "$keeper_pid" 2> /dev/null
    elif [ -z "$keeper_group_done" ]; then
      kill -s "$1" -- "-$keeper_group" 2> /dev/null
      keeper_group_done=1
    fi
  done
}

# wait_gone TENTHS: true as soon as nothing of the release lives. Most are gone within the first tenth: that is looked at closely.
wait_gone() {
  keeper_tries=$(($1 + 4))
  while [ -n "$(live_processes "$keeper_run" "$keeper_mark")" ]; do
    [ "$keeper_tries" -gt 0 ] || return 1
    keeper_tries=$((keeper_tries - 1))
    if [ "$keeper_tries" -ge "$1" ]; then sleep 0.02; else sleep 0.1; fi
  done
}

# note_stop FOR: without a note nobody would start it again, so on a full disk it is not stopped for another. For one that is to
# stay stopped a file that is there becomes the note.
note_stop() {
  if [ -z "$1" ]; then
    { : > "$keeper_run/stopping"; } 2> /dev/null && return
    { mv -f "$keeper_run/up" "$keeper_run/stopping" || mv -f "$keeper_run/started" "$keeper_run/stopping"; } 2> /dev/null
    : > "$keeper_run/stopping"
  else
    [ -s "$keeper_run/stopping" ] || write "$keeper_run/stopping" "$1" 2> /dev/null
  fi
}

# stop_in_engine RELEASE GRACE_S: its container may run on where the engine does not answer, so that is not called stopped.
stop_in_engine() {
  if in_engine && ! end_in_engine "$2"; then
    echo "the container engine did not end what it runs of release $1; once it answers again, stop the app once more" >&2
    return 1
  fi
}

stop() {
  if ! note_stop "${4:-}"; then
    echo "it cannot be noted why release $2 is stopped, so it is left as it is" >&2
    return 1
  fi
  if [ -z "$(live_processes "$keeper_run" "$keeper_mark")" ]; then
    retire_keeper
    stop_in_engine "$2" "$3" || return 1
    echo "release $2 is not running"
    return 0
  fi
  keeper_how=TERM
  signal_all TERM
  if ! wait_gone $(($3 * 10 + 2)); then # without any grace too: nearly all have ended by then
    keeper_how=KILL
    keeper_rounds=20
    # Again and again: a process may fork while it is looked for.
    while signal_all KILL && ! wait_gone 1; do
      keeper_rounds=$((keeper_rounds - 1))
      if [ "$keeper_rounds" -eq 0 ]; then
        echo "still alive after KILL: $(live_processes "$keeper_run" "$keeper_mark" | tr '\n' ',')" >&2
        return 1
      fi
    done
  fi
  keeper_tries=50
  while [ ! -e "$keeper_run/exit" ] && [ "$keeper_tries" -gt 0 ]; do
    keeper_tries=$((keeper_tries - 1))
    sleep 0.02
  done
  stop_in_engine "$2" "$3" || return 1
  echo "stopped release $2 ($keeper_how)"
}

# discard RELEASE…: a release of which the engine keeps nothing has no such text.
discard() {
  keeper_failed=0
  for keeper_release in "$@"; do
    keeper_text=$keeper_root/run/$keeper_release/engine_remove
    if [ -f "$keeper_text" ]; then bash "$keeper_text" < /dev/null || keeper_failed=1; fi
  done
  return "$keeper_failed"
}

case $1 in
  link)
    umask 077
    mkdir -p "$keeper_run" && link_all "$2"
    exit
    ;;
  discard)
    shift
    discard "$@"
    exit
    ;;
  discard_data)
    [ ! -f "$keeper_run/engine_remove_data" ] || bash "$keeper_run/engine_remove_data" < /dev/null
    exit
    ;;
esac
[ "$1" = rescue ] || keeper_mark=$(cat "$keeper_run/mark") || exit 1
case $1 in
  start) start "$@" ;;
  stop) stop "$@" ;;
  keep)
    shift
    keep "$@"
    ;;
  share | rescue)
    umask 077
    if [ -n "${keeper_mark-}" ] && [ -n "$(live_processes "$keeper_run" "$keeper_mark")" ]; then
      echo "release $2 runs: its data cannot be moved" >&2
      exit 1
    fi
    keeper_verb=$1
    shift
    "$keeper_verb" "$@"
    ;;
  *) echo "usage: keeper.sh start | stop | share | rescue | link | discard | discard_data RELEASE …" >&2 && exit 2 ;;
esac
