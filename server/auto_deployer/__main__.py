"""The `auto-deployer` command: `server` starts the language server, everything else is the CLI (loaded only then)."""

from __future__ import annotations

import sys

_CANCELLED = 4
"""`cli.errors.ExitCode.ABORTED`, which cannot be asked when loading the CLI was what Ctrl-C ended."""


def main() -> int | None:
    """Run the command line; returns the exit code (the CLI ends the process with its own)."""
    if sys.argv[1:2] == ["server"]:
        from .lsp.main import main as serve

        return serve(sys.argv[2:])
    try:
        from .cli.main import main as cli

        return cli()
    except KeyboardInterrupt:  # Ctrl-C while the CLI was loading; once loaded, it handles it
        return _CANCELLED


if __name__ == "__main__":
    sys.exit(main())
