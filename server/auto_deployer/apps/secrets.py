"""What an app prints may hold the values it was given: they are masked before its log is shown."""

from __future__ import annotations

import shlex

from ..masking import SecretRegistry
from ..model.ports import Session
from .env_file import parse_env


async def app_secrets(session: Session, deploy_dir: str) -> SecretRegistry:
    """The secret values in the app's env file (empty where there is none)."""
    registry = SecretRegistry()
    result = await session.probe(f"cat {shlex.quote(f'{deploy_dir}/shared/.env')} 2>/dev/null")
    registry.add_env(parse_env(result.stdout))
    return registry
