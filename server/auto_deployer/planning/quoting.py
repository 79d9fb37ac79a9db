"""Text of a repository as a word of a command: recipes put it there by `shlex.quote`, and paths by this."""

from __future__ import annotations

from shlex import quote


def path_word(path: str) -> str:
    """A path, relative to where the command runs, as one word: nothing in it is syntax, and it is never taken for an option."""
    return quote(f"./{path}" if path.startswith("-") else path)
