"""The `auto-deployer` command: `server` starts the language server, everything else is the CLI (loaded only then)."""

from __future__ import annotations

import sys


def main() -> int | None:
    """Run the command line; returns the exit code (the CLI ends the process with its own)."""
    if sys.argv[1:2] == ["server"]:
        from .lsp.main import main as serve

        return serve(sys.argv[2:])
    from .cli.main import main as cli

    return cli()


if __name__ == "__main__":
    sys.exit(main())
