"""Files of settings that are committed with their values (`.env`, `.env.production`): what is secret in them is masked as well."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ..masking import SecretRegistry
from ..model.ports import RepoTree
from .env_sample import SAMPLE_NAME

ENV_FILE_NAME = re.compile(r"\.?env(?:\.[\w-]+)*|[\w.-]+\.env|\.envrc|\.flaskenv", re.IGNORECASE)
MAX_FILES, MAX_FILE_BYTES = 100, 65_536

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]{0,127})[ \t]*[=:][ \t]*
    ("(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|[^\n]*)""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def know_committed(tree: RepoTree, secrets: SecretRegistry) -> None:
    """Know what the committed files of settings hold, anywhere in the repository, by name and by shape. Blocks while it reads."""
    root = tree.at_root()
    paths = [path for path in root.files if ENV_FILE_NAME.fullmatch(posixpath.basename(path))]
    for path in sorted(paths, key=lambda path: (path.count("/"), path))[:MAX_FILES]:
        if root.size(path) <= MAX_FILE_BYTES:
            know_settings(posixpath.basename(path), root.read(path) or "", secrets)


def know_settings(file_name: str, text: str, secrets: SecretRegistry) -> None:
    """The same for the text of one such file. A sample's values count by their shape alone: most of them stand for one."""
    is_sample = SAMPLE_NAME.fullmatch(file_name) is not None
    for name, value in _settings(text.replace("\r\n", "\n")):
        secrets.add_env({"" if is_sample else name: value})


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Names and values, each as it is written and as a program reads it."""
    for match in _LINE.finditer(text):
        written = match[2].strip()
        if written[:1] in ('"', "'", "`") and written[-1:] == written[0] and len(written) > 1:
            inner = written[1:-1]
            yield match[1], inner
            yield match[1], _ESCAPE.sub(lambda found: {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1]), inner)
        else:
            yield match[1], re.split(r"\s+#", written, maxsplit=1)[0].rstrip()
            yield match[1], written
