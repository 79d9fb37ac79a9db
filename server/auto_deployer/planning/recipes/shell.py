"""Shell text that several recipes share."""

from __future__ import annotations

from shlex import quote

from ...model.plan import PlannedCommand
from ...model.ports import PlanInput

VENV_PATH = 'export PATH="$PWD/.venv/bin:$PATH"; '
"""Before a command of the user's or a Procfile's: programs of the release's environment come first."""
NODE_PATH = 'export PATH="$PWD/node_modules/.bin:$PATH"; '


def with_app_env(planned: PlannedCommand, given: PlanInput) -> PlannedCommand:
    """The command with the variables of the app's env file, such as a migration needs; their values stay out of the command's text.

    The file is in the form of `apps.env_file`: KEY=VALUE as it stands, or "…" with backslash escapes.
    """
    if not given.env_names:
        return planned
    load = (
        "while IFS='=' read -r name value; do "
        "case $value in '\"'*'\"') value=${value#?}; value=$(printf %b \"${value%?}\");; esac; "
        f"export \"$name=$value\"; done < <(grep -E '^[A-Za-z_][A-Za-z0-9_]*=' {quote(given.paths.env_file)}); "
    )
    return planned.model_copy(update={"command": load + planned.command})
