"""The app's variables for the commands that install and build it: as environment, never in a command line."""

from __future__ import annotations

from ..model.plan import Category
from ..model.ports import DeployContext
from .env_file import parse_env
from .text_file import read_text

_NOT_WHILE_INSTALLING = frozenset({"NODE_ENV"})
"""With NODE_ENV=production, package managers leave out what the build needs."""


async def build_environment(deploy: DeployContext, category: Category) -> dict[str, str]:
    """What the app's env file on the target says now, for a command of a step; {} where it is not for such steps.

    Other steps start the app (which reads the file by itself) or look at it.
    """
    if not deploy.env_names or category not in ("setup", "build"):
        return {}
    text = await read_text(deploy.session, deploy.paths.env_file)
    left_out = _NOT_WHILE_INSTALLING if category == "setup" else frozenset[str]()
    return {name: value for name, value in parse_env(text).items() if name not in left_out}
