"""Shell text that several recipes share."""

from __future__ import annotations

from shlex import quote

from ...model.ports import PlanInput

VENV_PATH = 'export PATH="$PWD/.venv/bin:$PATH"; '
"""Before a command of the user's or a Procfile's: programs of the release's environment come first."""
NODE_PATH = 'export PATH="$PWD/node_modules/.bin:$PATH"; '


def kept_secret(given: PlanInput, name: str, *, prefix: str = "") -> str:
    """Shell text that exports a random secret which all releases share, unless the app's settings have one.

    It is made on the target (32 bytes, base64) and stays there, in a file of its own that only the user can read: no log has it.
    """
    if name in given.env_names:
        return ""
    file = quote(f"{given.paths.shared}/{name.lower()}")
    make = f"(umask 077; head -c 32 /dev/urandom | base64 | tr -d '\\n' > {file})"
    return f'[ -s {file} ] || {make}; export {name}="{prefix}$(cat {file})"; '
