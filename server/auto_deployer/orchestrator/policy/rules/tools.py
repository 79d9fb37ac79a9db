"""Tools of a deployment's everyday: packages, containers, fetching, other machines, make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..calls import Call, after_options, options
from ..findings import Finding, ask
from ..marks import GLOB, is_computed
from .unruled import unruled

Rule = Callable[[Call], Iterator[Finding]]

_PACKAGE_CHANGES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("apt", "apt-get", "aptitude", "nala"), frozenset({
        "install", "remove", "purge", "autoremove", "autopurge", "upgrade", "full-upgrade", "dist-upgrade", "build-dep",
        "update", "reinstall",
        "satisfy", "clean", "autoclean", "edit-sources", "dselect-upgrade"})),
    **dict.fromkeys(("yum", "dnf", "microdnf", "zypper", "tdnf"), frozenset({
        "install", "remove", "erase", "update", "upgrade", "downgrade", "reinstall", "autoremove", "groupinstall",
        "localinstall", "swap", "in",
        "rm", "up", "dup", "history", "module", "config-manager", "addrepo", "copr"})),
    "apk": frozenset({"add", "del", "upgrade", "fix", "update"}),
    "snap": frozenset({"install", "remove", "refresh", "revert", "disable", "set"}),
    "flatpak": frozenset({"install", "uninstall", "update", "remove"}),
    "brew": frozenset({"install", "uninstall", "remove", "rm", "upgrade", "reinstall", "tap", "services", "link", "unlink",
    "cleanup"}),
    "port": frozenset({"install", "uninstall", "upgrade"}), "pkg": frozenset({"install", "delete", "remove", "upgrade",
    "autoremove"}),
    "emerge": frozenset(), "nix-env": frozenset(), "opkg": frozenset({"install", "remove", "upgrade"}),
    "xbps-install": frozenset(), "xbps-remove": frozenset(), "choco": frozenset({"install", "uninstall"}),
    "winget": frozenset({"install", "uninstall"}),
}  # fmt: skip
_REMOVALS = frozenset({"remove", "purge", "autoremove", "autopurge", "erase", "del", "uninstall", "rm", "delete"})


def _packages(call: Call) -> Iterator[Finding]:
    changes = _PACKAGE_CHANGES[call.name]
    verb = next((word for word in call.args if word in changes), None)
    if any(word.partition("=")[0].lower().startswith(("-o", "--option", "dpkg::", "apt::")) for word in call.args):
        yield ask("hidden-code", f"Options of {call.name} can run commands.")
    if verb in _REMOVALS:
        yield ask("package-removal", f"{call.name} {verb} takes packages of the machine away.")
    elif verb is not None or not changes:
        yield ask("system-packages", f"{call.name} {verb or ''} changes the packages of the machine.".replace("  ", " "))


def _package_letters(letters: str, removing: str) -> Rule:
    """`dpkg -i`, `rpm -e`, `pacman -Rns`."""

    def rule(call: Call) -> Iterator[Finding]:
        first = next((word for word in call.args if word.startswith("-")), "")
        given = options(call.args)
        if any(letter in first for letter in removing) or any(name.startswith(("remove", "purge", "erase")) for name in given.long):
            yield ask("package-removal", f"{call.name} {first} takes packages of the machine away.")
        elif any(letter in first.lstrip("-") for letter in letters) or any(
            name in ("install", "upgrade", "sync", "unpack") for name in given.long
        ):
            yield ask("system-packages", f"{call.name} {first} changes the packages of the machine.")

    return rule


def _npm(call: Call) -> Iterator[Finding]:
    given = options(call.args, "cC", ("--prefix", "--call", "--script-shell"))
    if given.has("g", "global") and any(
        word in ("install", "i", "add", "uninstall", "rm", "remove", "update", "link") for word in call.args
    ):
        yield ask("outside-deploy-dir", f"{call.name} -g changes packages outside of the deploy directory.")
    if call.args[:2] == ("global", "add"):
        yield ask("outside-deploy-dir", "It installs outside of the deploy directory.")
    for folder in given.values_of("--prefix", "-C"):
        yield from call.writes(folder)
    if call.args[:1] in (("exec",), ("x",), ("dlx",)):
        for code in given.values_of("-c", "--call"):
            yield from call.runs_code(code)
    for code in given.values_of("--script-shell"):
        yield from call.runs_code(code)
    if "--" in call.args and call.args[0] in ("run", "run-script", "start", "test"):
        yield from unruled(replace(call, words=call.args[call.args.index("--") :]))
    if call.args[:1] in (("publish",), ("unpublish",), ("deprecate",), ("adduser",), ("login",), ("token",), ("owner",)):
        yield ask("publish", f"{call.name} {call.args[0]} changes a registry.")


def _pip(call: Call) -> Iterator[Finding]:
    stores = ("-d", "--dest", "-w", "--wheel-dir") if call.args[:1] in (("download",), ("wheel",)) else ()
    given = options(call.args, "trce" + ("dw" if stores else ""), ("--target", "--prefix", "--root", *stores))
    for folder in given.values_of("-t", "--target", "--prefix", "--root", *stores):
        yield from call.writes(folder)
    if call.args[:2] in (("config", "set"), ("config", "unset"), ("config", "edit")):
        yield ask("outside-deploy-dir", "It changes pip's settings for everything else, too.")
    if "break-system-packages" in given.long:
        yield ask("system-packages", "It changes the Python packages of the machine.")


_DOCKER_VALUED = (
    "-H",
    "--host",
    "--context",
    "-c",
    "--config",
    "-l",
    "--log-level",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--env-file",
    "--profile",
)


def _docker(call: Call) -> Iterator[Finding]:
    words = list(call.args)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in _DOCKER_VALUED and words:
            words.pop(0)
    if words[:1] == ["compose"]:
        yield from _compose(call, words[1:])
    elif words:
        yield from _docker_verb(call, words)


_CONTAINER_THINGS = frozenset({"volume", "network", "image", "container", "context", "secret", "stack", "service", "swarm"})


def _docker_verb(call: Call, words: list[str]) -> Iterator[Finding]:
    verb, second = words[0], next((word for word in words[1:] if not word.startswith("-")), "")
    if second == "prune" or (verb in _CONTAINER_THINGS and second in ("rm", "remove", "leave")):
        yield ask("container-removal", f"{call.name} {verb} {second} deletes containers, images or data of others, too.")
    elif verb in ("rm", "rmi", "kill", "stop"):
        yield ask("container-removal", f"{call.name} {verb} ends or deletes containers or images that may be others'.")
    elif verb in ("push", "login", "logout"):
        yield ask("publish", f"{call.name} {verb} changes a registry, or who is logged in there.")
    if verb in ("run", "create") or words[:2] in (["container", "run"], ["container", "create"]):
        yield from _container(call, words[1:])
    elif verb in ("exec", "cp", "commit", "plugin"):
        yield ask("containers", f"{call.name} {verb} changes a container, or takes files from it.")


_HOST_SPACES = frozenset({"--pid=host", "--network=host", "--net=host", "--ipc=host", "--userns=host", "--uts=host"})
_MOUNTS = re.compile(r"(?:^|,)(?:source|src)=([^,]+)")


def _container(call: Call, words: Sequence[str]) -> Iterator[Finding]:
    for word in words:
        if word.startswith(("--privileged", "--cap-add", "--security-opt", "--device")) or word in _HOST_SPACES:
            yield ask("containers", f"{word} lets the container out of its box.")
    for option, value in zip(words, [*words[1:], ""], strict=False):
        name, equals, attached = option.partition("=")
        mount = attached if equals else value
        if name in ("-v", "--volume"):
            source = mount.partition(":")[0]
        elif name == "--mount":
            found = _MOUNTS.search(mount)
            source = found[1] if found else ""
        elif option.startswith("-v") and len(option) > 2:
            source = option[2:].partition(":")[0]
        else:
            continue
        if source.startswith(("/", ".", "~")) or is_computed(source):
            yield from call.writes(source)


def _compose(call: Call, words: Sequence[str]) -> Iterator[Finding]:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in _DOCKER_VALUED and rest:
            rest.pop(0)
    if not rest:
        return
    given = options(rest[1:])
    if rest[0] == "down" and (given.has("v", "volumes") or "rmi" in given.long):
        yield ask("container-removal", "`compose down -v` deletes the data of the containers.")
    elif rest[0] == "rm" and given.has("v", "volumes"):
        yield ask("container-removal", "`compose rm -v` deletes the data of the containers.")
    elif rest[0] == "exec":
        yield ask("containers", "`compose exec` changes a container, or takes files from it.")
    elif rest[0] == "run":
        yield from _container(call, rest[1:])


def _docker_compose(call: Call) -> Iterator[Finding]:
    yield from _compose(call, call.args)


_CURL_VALUED = (
    "--output", "--output-dir", "--config", "--data", "--header", "--user", "--url", "--dump-header", "--cookie-jar", "--request",
)  # fmt: skip
_WGET_VALUED = (
    "--output-document", "--directory-prefix", "--output-file", "--append-output", "--use-askpass", "--execute", "--header",
    "--post-data",
)  # fmt: skip


def _curl(call: Call) -> Iterator[Finding]:
    given = options(call.args, "oKTdFHuXAebcCDEmrtUwxYyzP", _CURL_VALUED)
    for file in given.values_of("-o", "--output", "--output-dir", "-D", "--dump-header", "-c", "--cookie-jar"):
        yield from call.overwrites(file) if file != "-" else ()
    if given.has("O", "remote-name"):
        yield from call.writes(".")
    if given.values_of("-K", "--config"):
        yield ask("hidden-code", "Options of curl come from a file.")


def _wget(call: Call) -> Iterator[Finding]:
    given = options(call.args, "OPoaieUtTwQlADRIX", _WGET_VALUED)
    for file in given.values_of("-O", "--output-document", "-o", "--output-file", "-a", "--append-output"):
        yield from call.overwrites(file) if file != "-" else ()
    for folder in given.values_of("-P", "--directory-prefix") or ["."]:
        yield from call.writes(folder)
    for code in given.values_of("--use-askpass"):
        yield from call.runs_code(code)
        yield ask("hidden-code", "wget is told to run a command.")


def _remote(call: Call) -> Iterator[Finding]:
    """`ssh`, `scp`, `sftp`: another machine, out of the deployment's sight."""
    for option, value in zip(call.args, call.args[1:], strict=False):
        if option == "-o" and re.match(r"(?:proxycommand|localcommand|knownhostscommand|permitlocalcommand)", value, re.IGNORECASE):
            yield from call.runs_code(value.partition("=")[2])
        if option == "-S" and call.name != "ssh":
            yield from call.runs_code(value)
    if call.name == "ssh":
        words = after_options(call.args, [f"-{letter}" for letter in "BbcDEeFIiJLlmOopQRSWw"])
        yield from call.runs_code(" ".join(words[1:])) if len(words) > 1 else ()
    if call.name == "scp":
        for word in options(call.args, "cFiJloPSX").operands[-1:]:
            yield from call.writes(word) if ":" not in word.partition("/")[0] else ()
    if call.args not in (("-V",), ()):
        yield ask("other-machine", f"{call.name} works on another machine.")


def _sockets(call: Call) -> Iterator[Finding]:
    """`nc -e`, `socat EXEC:`: a program behind a port."""
    words = " ".join(call.args)
    if re.search(r"(?:^|\s)-\w*[ec]\b|--exec|--sh-exec|(?i:exec:|system:|shell:)", words):
        yield ask("hidden-code", f"{call.name} runs a program behind a port.")
        for word in call.args:
            if not word.startswith("-"):
                yield from call.runs_code(re.sub(r"^(?i:exec|system|shell):", "", word))


def _busybox_applet(call: Call) -> Iterator[Finding]:
    """`busybox --install` and the like."""
    if call.args[:1] == ("--install",):
        yield from call.writes(call.args[-1] if len(call.args) > 1 else f"/{GLOB}*")


def _gh(call: Call) -> Iterator[Finding]:
    if call.args[:1] in (("auth",), ("secret",), ("ssh-key",)) or "delete" in call.args:
        yield ask("publish", "It changes something at the code's host, or shows its keys.")


RULES: dict[str, Rule] = {
    **dict.fromkeys(_PACKAGE_CHANGES, _packages), "dpkg": _package_letters("i", "rP"),
    "rpm": _package_letters("iUF", "e"),
    "pacman": _package_letters("SU", "R"), "yay": _package_letters("SU", "R"), "npm": _npm, "pnpm": _npm, "yarn": _npm, "bun": _npm,
    "pip": _pip, "pip3": _pip, "docker": _docker, "podman": _docker, "nerdctl": _docker, "docker-compose": _docker_compose,
    "podman-compose": _docker_compose, "curl": _curl, "wget": _wget, "ssh": _remote, "scp": _remote, "sftp": _remote,
    "sshpass": _remote,
    "ssh-add": _remote, "mosh": _remote, "rclone": _remote, "nc": _sockets, "ncat": _sockets, "netcat": _sockets, "socat": _sockets,
    "busybox": _busybox_applet, "gh": _gh,
}  # fmt: skip
