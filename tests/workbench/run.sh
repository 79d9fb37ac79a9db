#!/bin/sh
# Drives the packed extension in a real VS Code in a headless browser: run.sh WORKBENCH FILE...
# Without FILEs: all tests. Where the browser or the workbench is missing it says what was skipped and how to get it; with CI=true
# that is a failure.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
workbench=$1
shift

unavailable() {
    if [ "${CI:-}" = true ]; then
        echo "FAILED: the workbench tests cannot run: $1" >&2
        exit 1
    fi
    printf '\nSKIPPED: the tests of the extension in a real VS Code (tests/workbench): %s\n' "$1" >&2
    printf '%s\n' "Everything else was tested. To run them too: $2, then \`make test-workbench\`." >&2
    exit 0
}

[ "$(uname)" = Linux ] || unavailable "they look at processes in /proc, so they need Linux." "use a Linux machine or container"

browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
[ -x "$browser" ] || unavailable \
    "no Chromium found (looked for CHROMIUM, chromium, chromium-browser, google-chrome)." \
    "install one (Debian: apt install chromium) or set CHROMIUM to its path"

"$here/install-workbench.sh" "$workbench" || unavailable \
    "their workbench is not installed in $workbench (why is said above)." \
    "see to that (Debian: apt install g++ make python3-venv; the registries of npm and pip must answer)"

artifacts=${WORKBENCH_ARTIFACTS:-${TMPDIR:-/tmp}/auto-deployer-workbench-$(id -u)}
mkdir -p "$artifacts"
rm -rf "$artifacts"/*.png "$artifacts"/*-server.log "$artifacts"/*-logs
[ $# -gt 0 ] || set -- ./*.test.ts
cd "$here"
status=0
# Two at a time: a test mostly waits for the editor, not for a processor.
CHROMIUM=$browser WORKBENCH=$workbench WORKBENCH_ARTIFACTS=$artifacts \
    "$workbench/bin/node" --test --test-concurrency="${WORKBENCH_JOBS:-2}" "$@" || status=$?
echo "Pictures of each stage and the editors' logs: $artifacts"
exit $status
