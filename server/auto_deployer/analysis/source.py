"""The `repo` parameter: which git URL or local folder is meant. Hostile and unclear input is refused before git sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ..model.errors import RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import suggest

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP_LIKE = re.compile(r"^(?P<user>[^@/:\s]+)@(?P<host>[^@/:\s]+):(?P<path>[^:].*)$")
_HOST = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)$")
_USER = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
_OWNER_REPO = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$")
_TOKEN_LENGTH = 16
"""A user name without a password is a token from this length on (those of the forges have 20 and more)."""
_FORMS = (suggest("Use https://host/owner/repo, ssh://git@host/owner/repo, git@host:owner/repo, file:///path, or a local folder."),)
_HINTS = {
    "http": "http is not encrypted: use https://",
    "git": "git:// is not encrypted: use https:// or ssh://",
    "git+ssh": "Use ssh://",
    "ssh+git": "Use ssh://",
}


@dataclass(frozen=True)
class Source:
    """Where to take the snapshot from."""

    display: str
    """As the user gave it, without credentials: the only form that is ever shown."""
    name: str
    """Slug for files and apps: `[A-Za-z0-9._-]{1,64}`, no leading dot or dash."""
    protocol: str
    """The only git transport allowed for it: "https", "ssh" or "file"."""
    fetch_url: str
    """What git is given; never holds a password or token."""
    folder: Path | None = None
    """The resolved local folder; None for a remote repository."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User name and password of an https URL, decoded; git gets them through a credential helper."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values to mask wherever they turn up."""


def parse_source(repo: str, *, base: Path | None = None) -> Source:
    """The source a `repo` parameter names.

    Args:
        repo: Git URL or local folder.
        base: What a relative folder is relative to; default the current directory.

    Raises:
        RepositoryError: `invalid_repository_url`, or `repository_not_found` for a folder that is not there.
    """
    text = repo.strip(" ")
    if not text:
        raise _invalid("The repository is empty")
    if _CONTROL.search(text):
        raise _invalid("The repository holds a control character (a line break, tab or NUL)")
    if text.startswith("-"):
        raise _invalid(f"The repository {text!r} looks like an option", f"For a folder of that name use ./{text}")
    if scheme := _SCHEME.match(text):
        return _from_url(text, scheme[1].lower(), base)
    if "::" in text.split("/", 1)[0]:
        raise _invalid(f"{text.split('::')[0]}:: is a git remote helper, which could run any program")
    if (scp := _SCP_LIKE.match(text)) and not (base or Path()).joinpath(text).exists():
        return _from_scp_like(text, scp["user"], scp["host"], scp["path"])
    return _from_folder(text, text, base)


def slug(text: str) -> str:
    """`text` as a name for files and apps, or "" when nothing usable is left."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip(".-")[:64].rstrip(".-")


def _from_url(text: str, scheme: str, base: Path | None) -> Source:
    if scheme not in ("https", "ssh", "file"):
        raise _invalid(f"{scheme}:// is not accepted", *([_HINTS[scheme]] if scheme in _HINTS else []))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _invalid(f"The repository URL cannot be read ({error})") from None
    if re.search(r"[\s\\]", text):
        raise _invalid("The repository URL holds a space or a backslash")
    if parts.query or parts.fragment:
        raise _invalid("The repository URL has a query (?) or a fragment (#)", "Give the bare address of the repository.")
    if scheme == "file":
        return _from_file_url(text, parts, base)
    _check_host(parts.netloc.rpartition("@")[2].removesuffix(f":{port}").removesuffix(":"))
    name = _name_of_path(parts.path)
    return _from_ssh(text, parts, name) if scheme == "ssh" else _from_https(parts, name)


def _from_https(parts: SplitResult, name: str) -> Source:
    _refuse_web_page(parts)
    host = parts.netloc.rpartition("@")[2]
    clean = f"https://{host}{parts.path}"
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if _CONTROL.search(username + password):
        raise _invalid("The credentials in the repository URL hold a control character")
    if not username and not password:
        return Source(display=clean, name=name, protocol="https", fetch_url=clean)
    raw = parts.password or parts.username or ""
    secret = bool(password) or len(username) >= _TOKEN_LENGTH
    secrets = tuple(dict.fromkeys((password or username, raw))) if secret else ()
    return Source(
        display=clean, name=name, protocol="https", fetch_url=clean, credentials=(username, password), secrets=secrets
    )  # fmt: skip


def _from_ssh(text: str, parts: SplitResult, name: str) -> Source:
    if parts.password is not None:
        raise _invalid("An ssh URL cannot carry a password", "Remove it and use a key or your ssh agent.")
    _check_user(parts.username)
    url = "ssh" + text[3:]
    return Source(display=url, name=name, protocol="ssh", fetch_url=url)


def _from_scp_like(text: str, user: str, host: str, path: str) -> Source:
    _check_user(user)
    _check_host(host)
    if path.startswith("-") or re.search(r"[\s\\]", path):
        raise _invalid(f"The repository path {path!r} looks like an option, or holds a space or a backslash")
    return Source(display=text, name=_name_of_path(path), protocol="ssh", fetch_url=text)


def _from_file_url(text: str, parts: SplitResult, base: Path | None) -> Source:
    if parts.netloc not in ("", "localhost"):
        raise _invalid(f"A file URL names no host, but this one names {parts.netloc!r}", "Use file:///path")
    path = unquote(parts.path)
    if _CONTROL.search(path):
        raise _invalid("The file URL holds a control character")
    _name_of_path(path)
    return _from_folder(text, path, base)


def _from_folder(text: str, path: str, base: Path | None) -> Source:
    try:
        folder = (base or Path()).joinpath(Path(path).expanduser()).resolve()
        found = folder.is_dir()
        exists = found or folder.exists()
    except (OSError, RuntimeError) as error:
        raise RepositoryError(f"The folder {text} cannot be read: {error}") from None
    if not found:
        what = "is a file, not a folder" if exists else "does not exist"
        hint = (suggest(f"For a repository on GitHub use https://github.com/{text}"),) if _OWNER_REPO.match(text) else _FORMS
        raise RepositoryError(f"The folder {folder} {what}", suggestions=hint)
    if folder == Path(folder.anchor):
        raise _invalid("The root of the file system is no repository")
    name = slug(folder.name.removesuffix(".git")) or "app"
    return Source(display=text, name=name, protocol="file", fetch_url=str(folder), folder=folder)


def _refuse_web_page(parts: SplitResult) -> None:
    """Addresses copied from a browser: say what they mean instead of failing at the server."""
    page = re.match(r"^(/[^/]+/[^/]+(?:/-)?)/(?:tree|blob)/([^/]+)/?(.*)$", parts.path)
    if page and parts.hostname in ("github.com", "gitlab.com"):
        subdir = f" and sub-folder {page[3]}" if page[3] else ""
        clean = f"https://{parts.hostname}{page[1].removesuffix('/-')}"
        raise _invalid("This is the address of a web page, not of a repository", f"Use {clean} with ref {page[2]}{subdir}")


def _name_of_path(path: str) -> str:
    segments = [segment for segment in unquote(path).split("/") if segment]
    if any(segment in (".", "..") for segment in segments):
        raise _invalid("The repository URL holds a . or .. segment")
    last = segments[-1] if segments else ""
    name = slug(last.removesuffix(".git"))
    if not last.removesuffix(".git").strip("."):
        raise _invalid("The repository URL names no repository")
    if last.startswith("-"):
        raise _invalid(f"The repository name {last!r} looks like an option")
    return name or "repo"


def _check_host(host: str) -> None:
    if not _HOST.match(host):
        raise _invalid(f"{host!r} is not a host name")


def _check_user(user: str | None) -> None:
    if user is not None and not _USER.match(user):
        raise _invalid(f"{user!r} is not a user name")


def _invalid(message: str, *suggestions: str) -> RepositoryError:
    return RepositoryError(message, kind=Kind.INVALID_REPOSITORY_URL, suggestions=tuple(map(suggest, suggestions)) or _FORMS)
