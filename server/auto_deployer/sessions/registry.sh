# Tells whether the package registry that the target's settings name answers. Reads only. Set before: registry_kind (pypi, npm).
#
#   registry <url without credentials> <reachable | unreachable | unknown> <why> <elsewhere: where packages may come from besides>
#
# The environment outranks the user's files, those outrank the machine's, as the package managers have it.

export LC_ALL=C
tab=$'\t' elsewhere=

# setting KEY FILE...: the value of `KEY = value` in the first file that has it.
setting() {
  key=$1
  shift
  for file in "$@"; do
    [ -r "$file" ] || continue
    found=$(sed -n "s/^[[:space:]]*${key}[[:space:]]*=[[:space:]]*//p" "$file" | head -n 1)
    [ -z "$found" ] || { printf '%s' "${found//\"/}" && return; }
  done
}

# whole FOLDER: it holds something.
whole() { [ -n "$(ls -A "$1" 2>/dev/null | head -n 1)" ]; }

config=${XDG_CONFIG_HOME:-$HOME/.config}
case $registry_kind in
  pypi)
    files=("${PIP_CONFIG_FILE:-/dev/null}" "$config/pip/pip.conf" "$HOME/.pip/pip.conf" "$HOME/Library/Application Support/pip/pip.conf" /etc/pip.conf /etc/xdg/pip/pip.conf)
    url=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-${PIP_INDEX_URL:-$(setting 'index[-_]url' "${files[@]}")}}}
    url=${url:-https://pypi.org/simple/}
    [ -z "${PIP_EXTRA_INDEX_URL:-}${PIP_FIND_LINKS:-}${PIP_NO_INDEX:-}${PIP_PROXY:-}${UV_INDEX:-}${UV_FIND_LINKS:-}${UV_OFFLINE:-}" ] || elsewhere=settings
    for key in 'extra[-_]index[-_]url' 'find[-_]links' 'no[-_]index' proxy; do
      [ -z "$(setting "$key" "${files[@]}")" ] || elsewhere=settings
    done
    ! whole "${UV_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/uv}/archive-v0" || elsewhere=${elsewhere:-cache}
    ;;
  npm)
    files=("${npm_config_userconfig:-${NPM_CONFIG_USERCONFIG:-$HOME/.npmrc}}" /usr/etc/npmrc /usr/local/etc/npmrc /etc/npmrc)
    url=${npm_config_registry:-${NPM_CONFIG_REGISTRY:-$(setting registry "${files[@]}")}}
    url=${url:-https://registry.npmjs.org/}
    [ -z "${npm_config_proxy:-}${npm_config_https_proxy:-}${npm_config_offline:-}${npm_config_prefer_offline:-}" ] || elsewhere=settings
    for key in proxy https-proxy offline prefer-offline; do [ -z "$(setting "$key" "${files[@]}")" ] || elsewhere=settings; done
    ! whole "${npm_config_cache:-${NPM_CONFIG_CACHE:-$HOME/.npm}}/_cacache" || elsewhere=${elsewhere:-cache}
    ;;
esac

# Credentials are neither needed nor told.
case $url in *://*@*) url="${url%%://*}://${url#*@}" ;; esac
tell() { printf 'registry\t%s\t%s\t%s\t%s\n' "${url//$tab/ }" "$1" "$2" "$elsewhere"; }

case $url in
  http://* | https://*) ;;
  *) tell reachable 'not on the network' && exit ;;
esac
command -v curl >/dev/null || { tell unknown 'no curl on the target' && exit; }
# Any answer counts, a refusal or a certificate that curl does not know too: package managers have settings of their own for those.
connected=$(curl -s -o /dev/null --max-time 5 -w '%{time_connect}' "$url" 2>/dev/null)
case $? in
  5) tell unreachable 'the proxy has no address' ;;
  6) tell unreachable 'its name has no address' ;;
  7) tell unreachable 'nothing accepts connections there' ;;
  28) case $connected in 0 | 0.000*) tell unreachable 'no connection within 5 s' ;; *) tell reachable slow ;; esac ;;
  *) tell reachable answered ;;
esac
