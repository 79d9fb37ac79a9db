"""Runs a plan: steps by dependency, commands through a session, success by checks. Knows no LSP, no CLI, no process it runs in."""

from .control import RunControl, unless_stopped
from .orchestrator import DeploymentOrchestrator, Verdict
from .step_executor import StepExecutor

__all__ = ["DeploymentOrchestrator", "RunControl", "StepExecutor", "Verdict", "unless_stopped"]
