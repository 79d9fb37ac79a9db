"""A PATH like that of macOS: its programs only, and each refuses the options that GNU's has and its own has not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

OLD_BASH = os.environ.get("TEST_BASH", "")
"""A bash 3.2, as macOS has it, to run the tests with; default: the bash that is here."""

_REFUSED: dict[str, str] = {
    "awk": "", "base64": "-w*|-*i*", "basename": "-a|-s|-z", "cat": "-*[AET]*", "chmod": "", "cmp": "", "cp": "-*T*|-*t*|-*u*",
    "cut": "-*z*", "date": "-d*|-I*|*%N*", "dd": "", "df": "-T*|-B*", "dirname": "-z", "du": "-*b*|-B*", "env": "", "expr": "",
    "find": "-printf|-regextype|-executable|-readable|-writable", "getconf": "", "grep": "-*P*", "gzip": "",
    "head": "-[nc]-*|-z", "hostname": "-*[IfA]*", "id": "", "install": "-*[DTt]*", "ln": "-*[Tr]*", "ls": "-*[ZIN]*",
    "mkdir": "", "mktemp": "-p*", "mv": "-*[Tt]*", "netstat": "-*[tp]*", "nohup": "", "od": "", "ps": "-e*|-*f*",
    "readlink": "-*f*|-*e*", "rm": "", "rmdir": "", "sed": "-*[rzs]*|-i", "sleep": "", "sort": "", "stat": "-c*", "tail": "-z",
    "tar": "", "tee": "", "touch": "", "tr": "", "uname": "", "uniq": "-*z*", "wc": "", "which": "", "xargs": "-r|-d*|-a*",
}  # fmt: skip
"""Program: patterns (of sh's `case`) of the options that it refuses; long options are refused by all."""
_SAME_AS_THERE = {"awk": "original-awk"}
"""Programs that can be had here as macOS has them."""
_ABSENT = ("setsid", "flock", "timeout", "realpath", "ss", "nproc", "sha256sum", "md5sum", "getent", "pidof", "tac")
_AS_THEY_ARE = ("git", "curl", "perl", "lsof", "python3", "node", "npm", "npx", "ssh", "cc")

_WRAPPER = """#!/bin/sh
for word do
  case $word in
    --) break ;;
    --*{refused}) echo "{name}: illegal option $word" >&2; exit 64 ;;
  esac
done
exec {program} "$@"
"""
_MV = '[ "$1" != -fh ] || { shift; exec %s -fT "$@"; }\n'
"""macOS's `mv -h` does not follow a link at its target, as `-T` of GNU does not."""


def bsd_path(folder: Path) -> str:
    """Make the folder of programs; the result is the PATH."""
    folder.mkdir()
    for name, refused in _REFUSED.items():
        if (program := shutil.which(_SAME_AS_THERE.get(name, name)) or shutil.which(name)) is not None:
            _wrap(folder / name, program, refused)
    for name in _AS_THEY_ARE:
        if (program := shutil.which(name)) is not None:
            (folder / name).symlink_to(program)
    for name in ("bash", "sh"):
        (folder / name).symlink_to(OLD_BASH or shutil.which("bash") or "/bin/bash")
    assert not any((folder / name).exists() for name in _ABSENT)
    return str(folder)


def _wrap(path: Path, program: str, refused: str) -> None:
    posix = " --posix" if path.name == "sed" else ""
    text = _WRAPPER.format(name=path.name, program=program + posix, refused=f"|{refused}" if refused else "")
    if path.name == "mv":
        text = text.replace("for word do", _MV % program + "for word do", 1)
    path.write_text(text)
    path.chmod(0o755)
