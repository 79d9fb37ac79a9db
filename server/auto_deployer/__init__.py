"""Auto-Deployer: deploy a repository from an editor or a terminal and watch every command."""

__version__ = "0.1.0"
