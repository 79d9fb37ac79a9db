"""Before anything is built: whether the container images that a plan starts from are here, or can be fetched."""

from __future__ import annotations

import shlex

from ..model.errors import RefusedError
from ..model.plan import DeploymentPlan
from ..model.ports import Session
from ..model.reasons import Kind
from ..model.suggestions import suggest
from ..planning.recipes.server_images import registry_of

_PATIENCE_S = 5
_TIMEOUT_S = 30.0
_NO_WAY = {
    "5": "the proxy's name is not known",
    "6": "its name is not known",
    "7": "it refuses connections",
    "28": "no answer in time",
}
"""curl's exit codes that say that there is no way to a host."""


async def refuse_unreachable_images(plan: DeploymentPlan, session: Session) -> None:
    """Refuse a plan that cannot get its base images; never one that might (the engine may have mirrors and proxies of its own).

    Raises:
        RefusedError: `dependency_source_unreachable`, with image and host, and what to do.
    """
    if not plan.images or plan.app is None or plan.app.container is None:
        return
    engine = plan.app.container.tool
    result = await session.probe(_script(engine, plan.images, plan.app.env), timeout_s=_TIMEOUT_S)
    for line in result.stdout.splitlines():
        image, _, code = line.partition("\t")
        if code in _NO_WAY:
            raise _unreachable(engine, image, _NO_WAY[code])


def _script(engine: str, images: tuple[str, ...], env: dict[str, str]) -> str:
    """Prints each image that is not here with curl's exit code for its registry; nothing when the engine has ways of its own."""
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in env.items())
    own_ways = "{{len .RegistryConfig.Mirrors}}{{.HTTPProxy}}{{.HTTPSProxy}}"
    looks = "\n".join(f"look {shlex.quote(image)} {shlex.quote(f'https://{registry_of(image)}/v2/')} &" for image in images)
    return f"""{exports}command -v curl > /dev/null || exit 0
ways=$({engine} info --format '{own_ways}' 2> /dev/null)
case $ways in '' | 0) ;; *) exit 0 ;; esac
look() {{
  {engine} image inspect "$1" > /dev/null 2>&1 && return
  curl -s -o /dev/null -m {_PATIENCE_S} "$2"
  printf '%s\\t%s\\n' "$1" "$?"
}}
{looks}
wait
"""


def _unreachable(engine: str, image: str, why: str) -> RefusedError:
    pull = f"{engine} pull {shlex.quote(image)}"
    return RefusedError(
        f"The image {image} comes from {registry_of(image)}, which the target cannot reach ({why}), and {engine} does not have it. "
        "Nothing was built.",
        kind=Kind.DEPENDENCY_SOURCE_UNREACHABLE,
        suggestions=(
            suggest(
                f"Bring it in with `{engine} save` and `{engine} load` from where the registry can be reached",
                command=pull,
            ),
            suggest("A mirror or a proxy of the engine's own: https://docs.docker.com/engine/daemon/proxy."),
            suggest("Or deploy without containers", "overrides.recipe", "traditional"),
        ),
    )
