"""Auto-Deployer: deploy a repository from an editor or a terminal and watch every command."""

from importlib.metadata import version

__version__ = version("auto-deployer")
