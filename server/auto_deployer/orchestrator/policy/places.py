"""Where a path leads, by its text and, where the target's files can be looked at, through the links below the deploy directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from .findings import Finding, ask, deny
from .marks import GLOB, LOOSE, STRANGE, UNKNOWN

_BOOKKEEPING = ("releases", "shared", "repo", "run", "current", ".auto-deployer.json")
"""What a deploy directory holds (`apps.layout`)."""
_OF_DEPLOYMENTS = ("releases", "run", "cache")
"""What deployments make and delete in it; the rest stays, or is the live app's."""

SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - looked at, not used
"""Folders that anybody may write to."""
SYSTEM = ("/usr/", "/bin/", "/sbin/", "/opt/")
"""Folders of programs that only an administrator changes."""
_HARMLESS_DEVICES = re.compile(r"/dev/(?:null|zero|full|u?random|stdin|stdout|stderr|tty|ptmx|fd/\w+)")

_NO_WRITE = (
    ("sudoers", "/etc/sudoers", "/etc/sudoers.d/**", "/etc/doas.conf"),
    ("accounts", "/etc/passwd*", "/etc/shadow*", "/etc/group*", "/etc/gshadow*", "/etc/subuid", "/etc/security/**",
    "/etc/pam.d/**"),
    ("ssh-access", "~/.ssh/**", "/etc/ssh/**"),
    ("cron", "/etc/cron*/**", "/etc/crontab", "/etc/anacrontab", "/var/spool/cron/**", "/var/spool/at/**", "/var/at/**"),
    ("shell-startup", "~/.bashrc", "~/.bash_*", "~/.profile", "~/.zshrc", "~/.zshenv", "~/.zprofile", "~/.zlogin", "~/.zlogout",
     "~/.kshrc", "~/.mkshrc", "~/.cshrc", "~/.tcshrc", "~/.login", "~/.logout", "~/.xprofile", "~/.xinitrc", "~/.inputrc",
     "~/.config/fish/**", "~/.pam_environment", "/etc/profile", "/etc/profile.d/**", "/etc/bash.bashrc", "/etc/bashrc",
     "/etc/zsh*/**", "/etc/environment", "/etc/inputrc", "/etc/skel/**"),
    ("system-start", "/etc/ld.so.*/**", "/etc/rc.local", "/etc/init.d/**", "/etc/inittab", "/boot/**", "/sys/**", "/proc/sys**",
     "/etc/fstab"),
)  # fmt: skip
"""Rule and the paths nobody writes to, whatever made the command."""

_NO_READ = (
    "~/.ssh/id_*", "~/.ssh/*.pem", "~/.ssh/*.key", "~/.ssh/*_rsa", "~/.ssh/*_ed25519", "~/.ssh/*key", "~/.ssh",
    "~/.aws/credentials", "~/.aws/sso/**", "~/.aws", "~/.azure/**", "~/.config/gcloud/**", "~/.config/gh/**", "~/.kube/config",
    "~/.docker/config.json", "~/.gnupg/**", "~/.netrc", "~/.pgpass", "~/.my.cnf", "~/.git-credentials", "~/.npmrc", "~/.pypirc",
    "~/.vault-token", "~/.password-store/**", "~/.local/share/keyrings/**", "~/.config/auto-deployer/**", "/etc/shadow*",
    "/etc/gshadow*", "/etc/sudoers", "/etc/sudoers.d/**", "/etc/ssh/ssh_host_*key", "/proc/*/environ", "/proc/*/mem", "/dev/mem",
    "~/.env", "~/.*_history", "~/.local/share/fish/fish_history",
    "/dev/kmem", "/etc/krb5.keytab", "/run/secrets/**", "/var/run/secrets/**",
)  # fmt: skip
"""Keys, and what holds them."""
_PUBLIC = re.compile(r".*\.pub")
_SHARED_ENV = re.compile(r".*/shared/\.?env")
"""The secrets that a deployment keeps (`apps.layout`)."""
_ENV_FILE = re.compile(r"\.env(?:rc)?(?:\.(?!example|sample|template|dist|defaults?|schema)[\w.-]+)?")
_PROC_ROOT = re.compile(r"/proc/[^/]+(?:/task/[^/]+)?/root(?=/|$)")
"""The root by another name, whatever process it is."""
_PROC_CWD = re.compile(r"/proc/(?:self|thread-self|%0)(?:/task/[^/]+)?/cwd(?=/|$)")
_PROC_ELSEWHERE = re.compile(r"/proc/[^/]+(?:/task/[^/]+)?/(?:root|cwd|exe|fd|map_files)(?:/|$)")
"""Where a process is, or what it has open: what is there the text does not tell."""


@dataclass(frozen=True)
class Spot:
    """A path, or a family of paths."""

    path: str
    """Absolute and normal, patterns marked; where it is computed it ends with `UNKNOWN`."""
    base: str
    """Its literal beginning, whole components; "" when not even that is known."""
    below: bool = False
    """It names what lies in `base`, not `base` itself."""

    @property
    def is_computed(self) -> bool:
        return UNKNOWN in self.path


class Places:
    """The target's folders as the policy sees them.

    Args:
        log_dir: Where the deployment's log is, when that is on the target.
        real_path: Where a path leads through links; None: links are not looked at.
    """

    def __init__(
        self, deploy_dir: str, home: str, log_dir: str | None = None, real_path: Callable[[str], str] | None = None
    ) -> None:
        self._real_path = real_path
        self.deploy_dir = _normal(deploy_dir)
        self.home = _normal(home)
        self._log_dir = _normal(log_dir) if log_dir else None
        self._no_write = [(rule, _family(patterns, self.home)) for rule, *patterns in _NO_WRITE]
        self._no_read = _family(_NO_READ, self.home)
        self._scratch = (*SCRATCH, f"{self.home}/.cache")

    def resolve(self, word: str, cwd: str) -> Spot:
        """Where a word of a command run in `cwd` leads."""
        text = word.replace(LOOSE, UNKNOWN).replace(STRANGE, UNKNOWN)
        if cwd.startswith(UNKNOWN) and not text.startswith("/"):
            return Spot(UNKNOWN, "", below=True)
        path = _normal(text if text.startswith("/") else f"{cwd}/{text}")
        if "/proc/" in path or "/proc/" in text or ("/dev/fd/" in text and ".." in text):
            path = _proc(path, text, cwd)
        path = path.removeprefix("/private") if path.startswith(("/private/etc", "/private/var", "/private/tmp")) else path
        if text.startswith(UNKNOWN) or path.startswith(UNKNOWN):
            return Spot(UNKNOWN, "", below=True)
        return _spot(path)

    def read(self, spot: Spot) -> Finding | None:
        """What speaks against reading there."""
        return self._read(spot) or self._behind_links(spot, self._read)

    def _read(self, spot: Spot) -> Finding | None:
        if self._log_dir is not None and self._touches(spot, self._log_dir):
            return deny("log-dir", f"{_shown(spot)} is in the folder of the deployment logs.")
        if _PUBLIC.fullmatch(spot.path) is None and self._no_read.holds(spot):
            return deny("key-files", f"{_shown(spot)} is, or may be, a file that holds keys.")
        return None if _is_in(spot.base, self.deploy_dir) else self._read_elsewhere(spot)

    def _read_elsewhere(self, spot: Spot) -> Finding | None:
        if _PROC_ELSEWHERE.match(spot.path) and not _OWN_STREAM.fullmatch(spot.path):
            return ask("key-files", f"{_shown(spot)} leads to what another process has open, or where it is.")
        if _SHARED_ENV.fullmatch(spot.path):
            return deny("key-files", f"{_shown(spot)} holds the secrets of another deployment.")
        if spot.base and _is_env_file(spot.path.rpartition("/")[2]):
            return ask("key-files", f"{_shown(spot)} is, or may be, a file with the secrets of another project.")
        return None

    def read_all(self, spot: Spot) -> Finding | None:
        """What speaks against reading everything below."""
        if spot.base and _is_in(self.home, spot.base) and spot.base != self.deploy_dir:
            return deny("key-files", f"{_shown(spot)} holds the user's key files.")
        return self.read(spot) or self._behind_links(spot, self.read_all)

    def write(self, spot: Spot) -> Finding | None:
        """What speaks against making or changing a file there."""
        return self._write(spot) or self._behind_links(spot, self._write)

    def _write(self, spot: Spot) -> Finding | None:
        if spot.path.startswith("/dev/"):
            return self._device(spot)
        for rule, family in self._no_write:
            if family.holds(spot):
                return deny(rule, f"{_shown(spot)} must not be changed by a deployment.")
        if self._log_dir is not None and self._touches(spot, self._log_dir):
            return deny("log-dir", f"{_shown(spot)} is in the folder of the deployment logs.")
        if spot.is_computed:
            return ask("computed-target", f"Which file is changed is only known when it runs ({_shown(spot)}).")
        if _is_in(spot.base, self.deploy_dir) or self._is_scratch(spot.base):
            return None
        return ask("outside-deploy-dir", f"{_shown(spot)} is outside of the deploy directory {self.deploy_dir}.")

    def overwrite(self, spot: Spot, *, empties: bool = False) -> Finding | None:
        """What speaks against putting something else in the file's place.

        Args:
            empties: Nothing is put there, so that the file is emptied: links are followed, too.
        """
        if (found := self.write(spot)) is not None:
            return found
        if empties:
            return self._data_lost(spot) or self._behind_links(spot, self._data_lost, inside=True)
        return self._data_lost(spot) if spot.base != f"{self.deploy_dir}/shared/.env" else None

    def _data_lost(self, spot: Spot) -> Finding | None:
        if _is_in(spot.base, f"{self.deploy_dir}/shared/data") or spot.base == f"{self.deploy_dir}/shared/.env":
            return ask("data-loss", f"{_shown(spot)} is the app's data or environment, which is kept over releases.")
        return None

    def unlink(self, spot: Spot) -> Finding | None:
        """What speaks against removing one file. A link is removed itself, not what it leads to."""
        if (found := self._write(spot) or self._behind_links(spot, self._write, itself=True)) is not None:
            return found
        return self._data_lost(spot)

    def delete(self, spot: Spot) -> Finding | None:
        """What speaks against deleting it with all below."""
        return self._delete(spot) or self._behind_links(spot, self._delete, itself=not spot.below)

    def _delete(self, spot: Spot) -> Finding | None:
        if not spot.base:
            return ask("recursive-delete", "What is deleted is only known when it runs.")
        if not spot.below and (refused := self._write(spot)) is not None and refused.verdict == "deny":
            return refused
        if _is_in(self.deploy_dir, spot.base):
            what = "holds" if spot.base != self.deploy_dir else "is"
            return deny("recursive-delete", f"{_shown(spot)}: {spot.base} {what} the deploy directory itself.")
        if _is_in(spot.base, self.deploy_dir):
            return self._delete_inside(spot)
        if self._is_scratch(spot.base) and spot.base not in self._scratch:
            return ask("recursive-delete", f"{_shown(spot)} is outside of the deploy directory {self.deploy_dir}.")
        return deny("recursive-delete", f"{_shown(spot)} is outside of the deploy directory {self.deploy_dir}.")

    def _behind_links(
        self, spot: Spot, judged: Callable[[Spot], Finding | None], *, itself: bool = False, inside: bool = False
    ) -> Finding | None:
        """What speaks against it where a path below the deploy directory leads out through links.

        Args:
            itself: A link at the very end is meant itself.
            inside: Links that stay in the deploy directory count, too.
        """
        if self._real_path is None or not _is_in(spot.base, self.deploy_dir) or spot.base == self.deploy_dir:
            return None
        folder, _, name = spot.base.rpartition("/")
        real = f"{self._real_path(folder)}/{name}" if itself else self._real_path(spot.base)
        real_root = self._real_path(self.deploy_dir)
        if _is_in(real, real_root):
            real = self.deploy_dir + real.removeprefix(real_root)
            return judged(Spot(real + spot.path.removeprefix(spot.base), real, below=spot.below)) if inside else None
        real_home = self._real_path(self.home)
        real = self.home + real.removeprefix(real_home) if _is_in(real, real_home) else real
        found = judged(Spot(real + spot.path.removeprefix(spot.base), real, below=spot.below))
        return (
            replace(found, reason=f"{_shown(spot)} leads through a link to {real}. {found.reason}") if found is not None else None
        )

    def _delete_inside(self, spot: Spot) -> Finding | None:
        inner = spot.base.removeprefix(f"{self.deploy_dir}/")
        if inner in _BOOKKEEPING:
            return ask("recursive-delete", f"{_shown(spot)} is what the app keeper needs of the deploy directory.")
        if inner.partition("/")[0] not in _OF_DEPLOYMENTS:
            return ask("data-loss", f"{_shown(spot)} is kept over releases, or belongs to the one that is live.")
        if spot.is_computed:
            return ask("recursive-delete", f"What is deleted is only known when it runs ({_shown(spot)}).")
        return None

    def _device(self, spot: Spot) -> Finding | None:
        if _HARMLESS_DEVICES.fullmatch(spot.path) or _is_in(spot.base, "/dev/shm") or _is_in(spot.base, "/dev/fd"):  # noqa: S108
            return None
        if _is_in(spot.base, "/dev/tcp") or _is_in(spot.base, "/dev/udp"):
            return ask("network-device", f"{_shown(spot)} sends data over the network.")
        return deny("raw-disk", f"{_shown(spot)} is a device.")

    def is_outside(self, path: str) -> bool:
        """Whether a literal path is neither below the deploy directory nor of the system's programs."""
        return bool(path) and not _is_in(path, self.deploy_dir) and not path.startswith(SYSTEM)

    def is_scratch(self, path: str) -> bool:
        """Whether anybody may write there: a scratch folder, and not below the deploy directory."""
        return self._is_scratch(_normal(path)) and not _is_in(_normal(path), self.deploy_dir)

    def _is_scratch(self, path: str) -> bool:
        return any(_is_in(path, folder) for folder in self._scratch)

    def _touches(self, spot: Spot, folder: str) -> bool:
        if spot.base and _is_in(spot.base, folder):
            return True
        return spot.below and GLOB in spot.path and _may_match(spot.path.split("/"), folder.split("/"))


_SOMEWHERE = "/proc/self/map_files/…"
_OWN_STREAM = re.compile(r"/proc/(?:self|thread-self|%0)/fd/[0-2]")


def _proc(path: str, text: str, cwd: str) -> str:
    """A path through `/proc`, with the root and the folder in place of their other names."""
    plain = re.sub(r"/(?:\./|/)+", "/", text)
    if ".." in plain.split("/") and (_PROC_ELSEWHERE.search(plain) or plain.startswith("/dev/fd/")):
        # the kernel goes up from where it leads
        own = _PROC_CWD.match(plain)
        if own is not None:
            return _normal(f"{cwd}/{plain[own.end() :]}")
        return _normal(_PROC_ROOT.sub("/", plain)) if _PROC_ROOT.match(plain) else _SOMEWHERE
    while (found := _PROC_ROOT.match(path)) is not None:
        path = _normal(f"/{path[found.end() :]}")
    found = _PROC_CWD.match(path)
    return _normal(f"{cwd}/{path[found.end() :]}") if found is not None else path


def _is_env_file(name: str) -> bool:
    """Whether a file's name, or a pattern of names, is that of a file with secrets of a project."""
    return _component_may_match(name, ".env") if GLOB in name else _ENV_FILE.fullmatch(name) is not None


class _Family:
    """A set of path patterns: `*` inside a component, `**` for all below."""

    def __init__(self, patterns: list[str]) -> None:
        self._literal = re.compile("|".join(_regex(pattern) for pattern in patterns))
        self._components = [pattern.removesuffix("/**").split("/") for pattern in patterns]

    def holds(self, spot: Spot) -> bool:
        """Whether the spot is, or may be, one of them."""
        if not spot.below:
            return self._literal.fullmatch(spot.path) is not None
        if not spot.base:
            return False
        parts = spot.path.replace(UNKNOWN, f"{GLOB}*").split("/")
        return any(_may_match(parts, pattern) for pattern in self._components)


def _family(patterns: tuple[str, ...] | list[str], home: str) -> _Family:
    homes = dict.fromkeys((home, "/root", "/home/*", "/Users/*"))
    return _Family([pattern.replace("~", each) for pattern in patterns for each in (homes if pattern[0] == "~" else ("",))])


def _regex(pattern: str) -> str:
    beginning, below, _ = pattern.partition("/**")
    return re.escape(beginning).replace(r"\*\*", ".*").replace(r"\*", "[^/]*") + ("(?:/.*)?" if below else "")


def _may_match(parts: list[str], pattern: list[str]) -> bool:
    """Whether a globbed path and a pattern can mean the same file, or one below the pattern."""
    if len(parts) < len(pattern):
        return False
    return all(_component_may_match(part, expected) for part, expected in zip(parts, pattern, strict=False))


def _component_may_match(part: str, expected: str) -> bool:
    if GLOB not in part:
        return fnmatchcase(part, expected)
    if expected.startswith(".") and part.startswith((f"{GLOB}*", f"{GLOB}?")):
        return False  # the shell's patterns do not match a leading dot
    if "*" in expected:
        beginning = part.partition(GLOB)[0]
        return expected.startswith(beginning) or beginning.startswith(expected.partition("*")[0])
    return fnmatchcase(expected, part.replace(GLOB, ""))


def _spot(path: str) -> Spot:
    components = path.split("/")
    for index, component in enumerate(components):
        if GLOB in component or UNKNOWN in component:
            leads_up = component.startswith(f".{GLOB}")  # `.*` matches `..`, too
            kept = components[: max(index - 1, 1)] if leads_up else components[:index]
            return Spot(path, "/".join(kept) or "/", below=True)
    return Spot(path, path)


def _normal(path: str) -> str:
    """Without `.`, `..`, doubled slashes; what follows a computed component is unknown with it."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif UNKNOWN in part:
            parts.append(part.partition(UNKNOWN)[0] + UNKNOWN)
            break
        elif part not in ("", "."):
            parts.append(part)
    if parts and parts[0] == UNKNOWN and not path.startswith("/"):
        return UNKNOWN
    return "/" + "/".join(parts)


def _is_in(path: str, folder: str) -> bool:
    """`path` is `folder` or lies below it."""
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")


def _shown(spot: Spot) -> str:
    return spot.path.replace(UNKNOWN, "…").replace(GLOB, "")


def candidates(word: str) -> Iterator[str]:
    """The paths a word may hold: the word, and what follows `=`, `@`, `:` or an option's letter."""
    yield word
    if word.startswith("-") and "/" in word:
        yield word[word.index("/") :]
    for separator in ("=", "@", ":"):
        if separator in word:
            tail = word.rpartition(separator)[2]
            yield tail.removeprefix("@")
    if ":" in word:
        yield word.partition(":")[0]
