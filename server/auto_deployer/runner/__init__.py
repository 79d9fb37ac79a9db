"""Starts, follows and controls deployments; puts the layers below together. Knows no LSP and no terminal."""

from .factory import create_app_verbs, create_runner, sweep_logs

__all__ = ["create_app_verbs", "create_runner", "sweep_logs"]
