"""Apps in containers: where the engine has published them, what their processes take, and which data they see. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..model.plan import AppSpec
from ..model.ports import Session
from .ports import Listener
from .usage import Usage, parse_usage

_PUBLISHED = re.compile(r"(?:^|\s)\[?([0-9A-Fa-f.:]+?)\]?:(\d+)\s*$")
_PROBE_S = 10.0


async def published(session: Session, spec: AppSpec) -> tuple[Listener, ...]:
    """Where the containers of the spec's release are published while they run; they carry its name, so nobody else's count."""
    if spec.container is None:
        return ()
    result = await session.probe(spec.container.listening, timeout_s=_PROBE_S)
    return parse_published(result.stdout)


def parse_published(text: str) -> tuple[Listener, ...]:
    """Listeners of lines such as "80/tcp -> 127.0.0.1:8000"."""
    found = (_PUBLISHED.search(line) for line in text.splitlines())
    return tuple(Listener(int(match[2]), match[1]) for match in found if match)


async def usage_in_containers(session: Session, spec: AppSpec) -> Usage:
    """Of all processes in the app's containers together."""
    if spec.container is None or not spec.container.usage:
        return Usage()
    result = await session.probe(spec.container.usage, timeout_s=_PROBE_S)
    return parse_usage(result.stdout)


def out_of_sight(kept: Iterable[str], before: AppSpec, after: AppSpec) -> str:
    """In words, which data an app no longer sees because it moved into a container, or out of one; "" for none.

    An engine that was started, or stopped, since the last deployment is enough for that.

    Args:
        kept: What it has in shared/data.
    """
    volumes = before.container.volumes if before.container is not None else ()
    now = after.container.volumes if after.container is not None else ()
    if lost := [name for name in volumes if name not in now]:
        return f"The app runs in another way than before, and does not see what it kept in {', '.join(lost)}; the volume(s) stay."
    mounted = {path.rstrip("/") for path in after.shared}
    hidden = [path for path in kept if path not in mounted] if before.container is None and after.container is not None else []
    if not hidden:
        return ""
    return (
        f"In its container the app does not see the data that it kept so far: {', '.join(hidden)}. It stays in shared/data; "
        "`--recipe traditional` runs the app as before."
    )
