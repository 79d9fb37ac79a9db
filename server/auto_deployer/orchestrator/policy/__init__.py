"""The command policy: every simple command of every command is judged right before it runs, whatever made it."""

from .policy import CommandPolicy

__all__ = ["CommandPolicy"]
