"""What an app prints may hold the values it was given: they are masked before its log is shown."""

from __future__ import annotations

from ..masking import SecretRegistry
from ..model.ports import Session
from .env_file import parse_env
from .text_file import read_text


async def app_secrets(session: Session, deploy_dir: str) -> SecretRegistry:
    """The secret values in the app's env file (empty where there is none)."""
    registry = SecretRegistry()
    text = await read_text(session, f"{deploy_dir}/shared/.env")
    registry.add_env(parse_env(text))
    return registry
