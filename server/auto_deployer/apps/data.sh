# An app's data: what it writes in its release is kept in shared/data/<path> and linked into every release.
#
# shared/paths names what is kept, run/<release>/sharing what is being moved there from a release, run/<release>/linked what was
# linked when the release was started; paths are relative to the release, each ends with NUL. run/<release>/listing holds what was
# there before its first start. Every move is a rename, and what is to be moved is written down first: cut off anywhere, the next
# start completes it before any app runs. No link is followed: a path below a linked folder is left alone.
#
# Run by bash (it reads up to NUL). Set are keeper_root and keeper_pruned: tests of `find` for folders that never hold data.

# encoded: names that end with NUL become lines; a line break in a name becomes \001.
encoded() { tr '\n\0' '\001\n'; }

# find_in RELEASE TYPE TEST…: its entries of a type (d, f, l) that pass, as "./path" and NUL. Pruned folders are told, not entered.
find_in() (
  cd "$keeper_root/releases/$1" || exit 1
  keeper_type=$2 keeper_told=
  shift 2
  [ "$keeper_type" != d ] || keeper_told=-print0
  eval "find . -type d \\( $keeper_pruned \\) -prune $keeper_told -o -type $keeper_type \"\$@\" -print0" 2> /dev/null
)

# list_release RELEASE: one encoded line for each entry: its type and "/path".
list_release() {
  for keeper_kind in d f l; do
    find_in "$1" "$keeper_kind" | encoded | sed "s/^\./$keeper_kind/"
  done | LC_ALL=C sort
}

# hollow_folders: of a listing, the folders with no file below them but placeholders.
hollow_folders() {
  LC_ALL=C awk '
    /^d\// { hollow[substr($0, 3)] }
    /^[fl]\// {
      name = $0; sub(/.*\//, "", name)
      if (name ~ /^(\.git(keep|ignore|attributes)|\.keep|\.placeholder|\.empty|placeholder(\.txt)?|README(\.md|\.txt)?)$/) next
      path = substr($0, 3)
      while (sub(/\/[^\/]*$/, "", path) && !(path in full)) full[path]
    }
    END { for (path in hollow) if (!(path in full)) print path }'
}

# is_contained PATH: relative, without empty parts, "." and "..".
is_contained() { case "/$1/" in // | *//* | */./* | */../*) return 1 ;; esac; }

# make_parents ROOT PATH: the folders between the two are there, and none of them is a link.
make_parents() {
  local at=$1 rest=$2
  while [ "$rest" != "${rest#*/}" ]; do
    at=$at/${rest%%/*} rest=${rest#*/}
    [ ! -L "$at" ] || return 1
    [ -d "$at" ] || mkdir "$at" || return 1
  done
}

# there PATH: something is there, a link that leads nowhere too.
there() { [ -e "$1" ] || [ -L "$1" ]; }

# has_path FILE PATH
has_path() {
  local known
  [ -f "$1" ] || return 1
  while IFS= read -r -d '' known; do [ "$known" != "$2" ] || return 0; done < "$1"
  return 1
}

# note_path FILE PATH: once.
note_path() { has_path "$1" "$2" || printf '%s\0' "$2" >> "$1"; }

# move_database FROM TO: a path with what SQLite keeps beside it. The path itself goes last: as long as it is there, nothing is done.
move_database() {
  local side
  for side in -wal -shm -journal ''; do
    there "$1$side" || continue
    mv -f "$1$side" "$2$side" || return 1
  done
}

# set_aside RELEASE FROM PATH: what another copy takes the place of is kept with the release.
set_aside() {
  local aside=$keeper_root/run/$1/aside/$3
  make_parents "$keeper_root/run/$1" "aside/$3" || return 1
  while there "$aside"; do aside=$aside~; done
  move_database "$2/$3" "$aside"
}

# add_missing FROM TO: files of a folder that the kept one does not have (a newer release may bring some).
add_missing() {
  local path
  (cd "$1" && find . -type f -print0) | while IFS= read -r -d '' path; do
    path=${path#./}
    there "$2/$path" || { make_parents "$2" "$path" && cp -p "$1/$path" "$2/$path"; }
  done
}

# link_path RELEASE PATH: the release sees the kept path. What is of the release there already is set aside.
link_path() {
  local root=$keeper_root/releases/$1 kept=$keeper_root/shared/data rest=$2 to=../../shared/data/$2
  there "$kept/$2" || return 0 # deleted by the app
  while [ "$rest" != "${rest#*/}" ]; do rest=${rest#*/} to=../$to; done
  if [ -L "$root/$2" ] && [ "$(readlink "$root/$2" && echo .)" = "$to
." ]; then
    return 0
  fi
  make_parents "$root" "$2" || return 1
  if there "$root/$2"; then
    if [ -d "$root/$2" ] && [ ! -L "$root/$2" ] && [ -d "$kept/$2" ]; then add_missing "$root/$2" "$kept/$2"; fi
    set_aside "$1" "$root" "$2" || return 1
  fi
  ln -s "$to" "$root/$2"
}

# keep_path RELEASE PATH: move a path from a release to the kept data and link it back. An older kept copy is set aside.
keep_path() {
  local root=$keeper_root/releases/$1 kept=$keeper_root/shared/data
  case $2 in
    */) # a folder that is to be there
      set -- "$1" "${2%/}"
      is_contained "$2" || return 1
      there "$root/$2" || there "$kept/$2" || { make_parents "$kept" "$2" && mkdir "$kept/$2" || return 1; }
      ;;
  esac
  is_contained "$2" || return 1
  if there "$root/$2" && [ ! -L "$root/$2" ]; then
    make_parents "$root" "$2" && make_parents "$kept" "$2" || return 1
    if there "$kept/$2"; then set_aside "$1" "$kept" "$2" || return 1; fi
    move_database "$root/$2" "$kept/$2" || return 1
  fi
  there "$kept/$2" || return 0
  note_path "$keeper_root/shared/paths" "$2" && link_path "$1" "$2" && note_path "$keeper_root/run/$1/linked" "$2"
}

# complete_sharing: what is written down to be moved is moved; what cannot be stays where it is, and is told.
complete_sharing() {
  local list release path
  for list in "$keeper_root"/run/*/sharing; do
    [ -f "$list" ] || continue
    release=${list%/sharing} release=${release##*/}
    while IFS= read -r -d '' path; do
      keep_path "$release" "$path" || printf 'not kept: %s (of release %s)\n' "$path" "$release"
    done < "$list"
    rm -f "$list"
  done
}

# link_all RELEASE: link whatever is kept.
link_all() {
  local path
  [ -f "$keeper_root/shared/paths" ] || return 0
  while IFS= read -r -d '' path; do
    is_contained "$path" && link_path "$1" "$path" || printf 'not linked: %s\n' "$path"
  done < "$keeper_root/shared/paths"
}

# settle_data RELEASE: before a start. Where a link was replaced by the app (a new file renamed over it), the app's copy is kept.
settle_data() {
  local path
  complete_sharing
  if [ -f "$keeper_run/linked" ]; then
    while IFS= read -r -d '' path; do
      [ -L "$keeper_root/releases/$1/$path" ] || keep_path "$1" "$path"
    done < "$keeper_run/linked"
  fi
  link_all "$1"
  [ ! -f "$keeper_root/shared/paths" ] || cp "$keeper_root/shared/paths" "$keeper_run/linked"
  [ -f "$keeper_run/listing" ] || { list_release "$1" > "$keeper_run/listing.new" && mv "$keeper_run/listing.new" "$keeper_run/listing"; }
}

# rescue RELEASE PATH…: its data, before it is deleted, to where it can be looked at.
rescue() {
  local release=$1 root=$keeper_root/releases/$1 to=$keeper_root/shared/rescued/$1 path
  shift
  mkdir -p -m 700 "$keeper_root/shared/rescued" && mkdir -p "$to" || return 1
  for path in "$@"; do
    is_contained "$path" && make_parents "$root" "$path" && make_parents "$to" "$path" && ! there "$to/$path" &&
      move_database "$root/$path" "$to/$path" || printf 'not kept: %s (of release %s)\n' "$path" "$release"
  done
}

# is_one_filesystem: else a move would be a copy, which can be cut off halfway.
is_one_filesystem() {
  [ "$(df -P "$keeper_root/releases" | awk 'NR == 2 { print $1, $6 }')" = "$(df -P "$keeper_root/shared/data" | awk 'NR == 2 { print $1, $6 }')" ]
}

# share RELEASE PATH…: the release does not run.
share() {
  local release=$1
  shift
  mkdir -p -m 700 "$keeper_root/shared/data" || return 1
  if [ -L "$keeper_root/shared" ] || [ -L "$keeper_root/shared/data" ] || ! is_one_filesystem; then
    echo "the app's data is left in release $release: $keeper_root/shared/data is not a folder of the same file system" >&2
    return 1
  fi
  complete_sharing
  printf '%s\0' "$@" > "$keeper_root/run/$release/sharing.new" || return 1
  mv -f "$keeper_root/run/$release/sharing.new" "$keeper_root/run/$release/sharing" || return 1
  complete_sharing
}
