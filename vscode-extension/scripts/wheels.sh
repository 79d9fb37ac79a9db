#!/bin/sh
# Puts every wheel that the server needs on this platform into bundled/wheels, for each Python that it runs on.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-../.venv/bin/python}
for version in 3.11 3.12 3.13 3.14; do
    "$python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --python-version "$version" \
        --dest bundled/wheels bundled/auto_deployer-*.whl || echo "Python $version is left out: not all wheels are there for it" >&2
done
rm bundled/wheels/auto_deployer-*.whl
