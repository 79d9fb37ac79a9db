"""Files that a command brings from elsewhere, and whether it brings any whose names are not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from .calls import Call, Options, options
from .marks import LOOSE, UNKNOWN
from .streams import FETCHED

_CURL = ("oKTdFHuXAebcCDEmrtUwxYyzP", ("--output", "--output-dir", "--header", "--data", "--user", "--url", "--request"))
_WGET = ("OPoaieUtTwQlADRIX", ("--output-document", "--directory-prefix", "--header", "--post-data"))
_NAMES = ("-o", "-O", "--output", "--output-document")
_FOLDERS = ("-P", "--output-dir", "--directory-prefix")
_STORES_INPUT = frozenset({"tar", "gtar", "bsdtar", "dd", "sponge", "split", "csplit", "cp", "install", "cpio", "unzip", "tee"})
_URLRETRIEVE = re.compile(r"urlretrieve|urlopen|requests\.get|fetch\(|https?\.get")
_LOCAL = re.compile(rf"(?:\w+://)?(?:127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0)(?::[\d{UNKNOWN}{LOOSE}]*)?(?:[/?#].*)?", re.DOTALL)
"""Behind the host comes a port at most: `localhost.example.org` is another host, and in `localhost:x@example.org` it is a name."""


def is_local(address: str) -> bool:
    """Whether what is sent to this address stays on this machine."""
    return _LOCAL.fullmatch(address) is not None


def downloaded(call: Call) -> Iterator[str]:
    """The files that curl, wget, scp and the like write, as far as their words tell."""
    given = _given(call)
    folders = ["", *(f"{folder}/" for folder in given.values_of(*_FOLDERS))]
    addresses = [word.rpartition("/")[2] for word in call.args if "://" in word]
    names = [*given.values_of(*_NAMES), *given.operands, *addresses]
    yield from call.args
    yield from (folder + name for folder in folders for name in names if name)


def stores(call: Call) -> bool:
    """Whether it puts fetched files where a later command may find them."""
    if call.name in _STORES_INPUT:
        return call.stdin == FETCHED
    if (decides := _STORES.get(call.name)) is not None:
        return decides(call)
    return any(_URLRETRIEVE.search(word) for word in call.args if " " in word)


def _curl(call: Call) -> bool:
    given = _given(call)
    kept = given.has("oOJ", "remote-name", "remote-name-all") or bool(given.values_of(*_NAMES, *_FOLDERS))
    return kept and not all(is_local(word) for word in given.operands)


def _wget(call: Call) -> bool:
    return not any(name in ("-", "/dev/null") for name in _given(call).values_of("-O", "--output-document"))


def _git(call: Call) -> bool:
    """`git pull` without an address brings the deployment's own repository."""
    fetches = any(word in ("clone", "pull") for word in call.args)
    return fetches and any("://" in word or re.match(r"[\w.-]+@[\w.-]+:", word) for word in call.args)


def _rsync(call: Call) -> bool:
    return any(":" in word.partition("/")[0] for word in call.args if not word.startswith("-"))


def _given(call: Call) -> Options:
    return options(call.args, *(_WGET if call.name.startswith("wget") else _CURL))


_STORES: Mapping[str, Callable[[Call], bool]] = {
    "curl": _curl, "wget": _wget, "wget2": _wget, "git": _git, "rsync": _rsync,
    **dict.fromkeys(("http", "https", "xh"), lambda call: "--download" in call.args or "-d" in call.args),
    **dict.fromkeys(("aria2c", "axel", "scp", "sftp", "ftp", "lftp", "rclone", "gsutil"), lambda _: True),
}  # fmt: skip
