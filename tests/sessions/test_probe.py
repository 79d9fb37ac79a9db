"""Host facts: the pure reading of the script's records, and the script on this machine and on made-up ones."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from auto_deployer.model.errors import ConnectionFailedError
from auto_deployer.model.facts import HostFacts, Tool
from auto_deployer.sessions.local import LocalSession
from auto_deployer.sessions.probe import parse_probe, probe_host, version_in

REAL_PYTHON = os.path.realpath(sys.executable)

MAC = """\
fact|os|darwin
fact|kernel|24.1.0
fact|arch|arm64
fact|hostname|Annas-MacBook.local
tool|300|git|/usr/bin/git|git version 2.39.5 (Apple Git-154)
fact|user|anna
fact|home|/Users/anna
fact|shell|/bin/zsh
tool|410|python3|/opt/homebrew/Cellar/python@3.12/3.12.7/bin/python3.12|3.12.7
fact|distribution|macOS 15.1
fact|memory_bytes|17179869184
fact|cpu_count|10
fact|disk_free_kb|104857600
tool|101|python3|/opt/homebrew/Cellar/python@3.13/3.13.0/bin/python3.13|3.13.0
tool|420|node|/Users/anna/.nvm/versions/node/v18.20.4/bin/node|v18.20.4
tool|420|node|/Users/anna/.nvm/versions/node/v20.9.0/bin/node|v20.9.0
tool|200|node|/opt/homebrew/Cellar/node/22.11.0/bin/node|22.11.0
tool|111|python3|/opt/homebrew/Cellar/python@3.13/3.13.0/bin/python3.13|3.13.0
port|8000
port|8080
""".replace("|", "\t")


def test_a_mac() -> None:
    facts = parse_probe(MAC)
    assert (facts.os, facts.distribution, facts.arch, facts.shell, facts.user) == (
        "darwin",
        "macOS 15.1",
        "arm64",
        "/bin/zsh",
        "anna",
    )
    assert (facts.cpu_count, facts.memory_mb, facts.disk_free_mb) == (10, 16384, 102400)
    assert (facts.container, facts.systemd, facts.docker_engine) == (False, False, False)
    assert facts.free_ports == (8000, 8080)
    assert facts.tool("git") == Tool(name="git", path="/usr/bin/git", version="2.39.5")


def test_the_one_on_path_comes_first_then_the_newest_and_none_twice() -> None:
    facts = parse_probe(MAC)
    assert [tool.version for tool in facts.all_of("node")] == ["22.11.0", "20.9.0", "18.20.4"]
    assert [tool.version for tool in facts.all_of("python3")] == ["3.13.0", "3.12.7"]


def test_a_container_has_the_memory_of_its_limit() -> None:
    known = {"os": "linux", "container": "yes", "docker_engine": "yes", "memory_kb": "8388608", "memory_limit_bytes": "536870912"}
    linux = "\n".join(f"fact\t{name}\t{value}" for name, value in known.items())
    facts = parse_probe(linux)
    assert (facts.container, facts.docker_engine, facts.memory_mb) == (True, True, 512)
    assert parse_probe(linux.replace("536870912", "max")).memory_mb == 8192


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "\n\n",
        "motd: welcome!\n",
        "fact\tos\n",
        "tool\tx\ty\n",
        "port\tabc\n",
        "tool\tone\ta\tb\tc\n",
        "fact\tcpu_count\tmany\n",
    ],
)
def test_garbage_is_ignored(garbage: str) -> None:
    assert parse_probe(garbage) == HostFacts()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.39.5", "2.39.5"),
        ("v20.19.2", "20.19.2"),
        ('openjdk version "21" 2023-09-19 OpenJDK Runtime Environment (build 21+35-2513)', "21"),
        ('openjdk version "17.0.15" 2025-04-15', "17.0.15"),
        ("Apache Maven 3.8.7 Maven home: /usr/share/maven Java version: 17.0.15, vendor: Debian", "3.8.7"),
        ("go version go1.22.1 linux/amd64", "1.22.1"),
        ("PHP 8.2.7 (cli) (built: Jun  9 2023 19:37:27) (NTS)", "8.2.7"),
        ("Dart SDK version: 3.3.0 (stable)", "3.3.0"),
        ("hugo v0.111.3+extended linux/amd64 BuildDate=unknown", "0.111.3"),
        ("ss utility, iproute2-6.1.0", "6.1.0"),
        ("ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)", "3.1.2"),
        ("maven-core-3.9.6", "3.9.6"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_versions(said: str, version: str) -> None:
    assert version_in(said) == version


async def test_this_machine() -> None:
    facts = await probe_host(LocalSession())
    assert facts.os == sys.platform
    assert facts.hostname == socket.gethostname()
    assert facts.cpu_count == os.cpu_count()
    assert facts.memory_mb > 0
    assert facts.disk_free_mb > 0
    assert facts.home == os.environ["HOME"]
    bash, git = facts.tool("bash"), facts.tool("git")
    assert bash is not None
    assert bash.version
    assert git is not None
    for tool in facts.tools:
        assert os.access(tool.path, os.X_OK), tool


async def test_a_port_in_use_is_not_free() -> None:
    with socket.socket() as taken:
        wanted = (await probe_host(LocalSession())).free_ports
        assert wanted
        taken.bind(("127.0.0.1", wanted[0]))
        taken.listen()
        assert wanted[0] not in (await probe_host(LocalSession())).free_ports


class Machine:
    """A made-up machine: a PATH with a few basic programs, and a home directory."""

    BASICS = (
        "bash",
        "awk",
        "cat",
        "sed",
        "tr",
        "head",
        "ls",
        "uname",
        "id",
        "df",
        "grep",
        "readlink",
        "dirname",
        "basename",
        "timeout",
        "getconf",
        "sleep",
        "stat",
    )

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.bin = root / "home", root / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        for name in self.BASICS:
            found = shutil.which(name)
            assert found is not None, name
            (self.bin / name).symlink_to(found)
        self.search = [str(self.bin)]
        self._monkeypatch = monkeypatch
        for name in (
            "PYENV_ROOT",
            "PYENV_VERSION",
            "NVM_DIR",
            "FNM_DIR",
            "VOLTA_HOME",
            "ASDF_DATA_DIR",
            "MISE_DATA_DIR",
            "XDG_CACHE_HOME",
        ):
            monkeypatch.delenv(name, raising=False)

    def program(self, path: Path, script: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)
        return path

    async def probe(self) -> HostFacts:
        self._monkeypatch.setenv("HOME", str(self.home))
        self._monkeypatch.setenv("PATH", os.pathsep.join(self.search))
        return await probe_host(LocalSession())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


async def test_a_pyenv_shim_counts_only_when_it_resolves(machine: Machine) -> None:
    shims = machine.home / ".pyenv" / "shims"
    for name in ("poetry", "ruff-less", "uv"):
        machine.program(shims / name, "exit 127")
    real = machine.program(machine.home / ".pyenv/versions/3.12.1/bin/uv", "echo uv 0.5.1")
    machine.program(machine.home / ".pyenv/bin/pyenv", f'[ "$2" = uv ] && echo {real}')
    machine.search.insert(0, str(shims))
    facts = await machine.probe()
    assert facts.tool("poetry") is None
    assert facts.tool("uv") == Tool(name="uv", path=str(real), version="0.5.1")


async def test_a_python_shim_that_fails_is_no_python(machine: Machine) -> None:
    shims = machine.home / ".pyenv" / "shims"
    machine.program(shims / "python3", "echo 'pyenv: python3: command not found' >&2; exit 127")
    machine.program(shims / "python3.12", "exit 127")
    machine.search.insert(0, str(shims))
    assert (await machine.probe()).all_of("python3") == ()


async def test_version_managers_are_looked_into(machine: Machine) -> None:
    for path in (
        ".nvm/versions/node/v18.20.4/bin/node",
        ".volta/tools/image/node/20.10.0/bin/node",
        ".local/share/fnm/node-versions/v22.1.0/installation/bin/node",
        ".asdf/installs/nodejs/16.20.2/bin/node",
        ".local/share/mise/installs/node/21.0.0/bin/node",
        ".pyenv/versions/3.11.7/bin/python3",
        ".pyenv/versions/my-environment/bin/python3",
        ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3",
        ".asdf/installs/python/3.9.1/bin/python3",
        ".local/share/mise/installs/python/3.10.2/bin/python3",
    ):
        machine.program(machine.home / path, "exit 1")
    facts = await machine.probe()
    assert [tool.version for tool in facts.all_of("node")] == ["22.1.0", "21.0.0", "20.10.0", "18.20.4", "16.20.2"]
    assert [tool.version for tool in facts.all_of("python3")] == ["3.13.1", "3.11.7", "3.10.2", "3.9.1"]
    assert facts.all_of("node")[3].path == str(machine.home / ".nvm/versions/node/v18.20.4/bin/node")


async def test_interpreters_tell_where_they_are(machine: Machine) -> None:
    """Pythons of several names are one entry for each real program, the one called python3 first."""
    (machine.bin / "python3").symlink_to(sys.executable)
    (machine.bin / "python3.11").symlink_to(sys.executable)
    facts = await machine.probe()
    assert [tool.path for tool in facts.all_of("python3")] == [REAL_PYTHON]


async def test_packages_tell_their_version_without_being_run(machine: Machine) -> None:
    package = machine.home.parent / "lib/node_modules/pnpm"
    machine.program(package / "bin/pnpm.cjs", "exit 1")
    (package / "package.json").write_text('{\n  "name": "pnpm",\n  "version": "9.1.2"\n}\n')
    (machine.bin / "pnpm").symlink_to("../lib/node_modules/pnpm/bin/pnpm.cjs")
    assert (await machine.probe()).tool("pnpm") == Tool(name="pnpm", path=str(machine.bin / "pnpm"), version="9.1.2")


async def test_a_program_that_fails_is_no_tool_and_one_that_hangs_has_no_version(machine: Machine) -> None:
    machine.program(machine.bin / "java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
    machine.program(machine.bin / "hugo", "exec sleep 300")
    facts = await machine.probe()
    assert facts.tool("java") is None
    assert facts.tool("hugo") == Tool(name="hugo", path=str(machine.bin / "hugo"), version="")


def tampered(machine: Machine, said: str, instead: str) -> bool:
    """Whether the kept answers of the last probe held a text; it is another one now."""
    kept = machine.home / ".cache/auto-deployer/answers/local"
    text = kept.read_text()
    kept.write_text(text.replace(said, instead))
    return said in text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere programs are asked each time")
async def test_a_program_that_has_answered_is_asked_again_once_it_is_another(machine: Machine) -> None:
    """What is kept was tampered with: where that comes back, the program was not run."""
    program = machine.bin / "php"
    shutil.copy(machine.bin / "bash", program)
    whole = (await machine.probe()).tool("php")
    assert whole is not None
    assert whole.version.count(".") == 2
    assert tampered(machine, whole.version, "9.9.9")
    assert (await machine.probe()).tool("php") == whole.model_copy(update={"version": "9.9.9"})
    with program.open("ab") as file:
        file.write(b"newer")
    assert (await machine.probe()).tool("php") == whole


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere programs are asked each time")
async def test_programs_that_hand_the_question_on_are_always_asked(machine: Machine) -> None:
    """Shims, and one file under several names: what they say depends on more than the file."""
    shim = machine.home / ".pyenv/shims/php"
    shim.parent.mkdir(parents=True)
    shutil.copy(machine.bin / "bash", shim)
    shutil.copy(machine.bin / "bash", machine.bin / "proxy")
    os.link(machine.bin / "proxy", machine.bin / "curl")
    machine.program(machine.home / ".pyenv/bin/pyenv", f"echo {shim}")
    proxy = machine.home / ".local/share/swiftly/bin/swift"
    proxy.parent.mkdir(parents=True)
    shutil.copy(machine.bin / "bash", proxy)
    machine.search[:0] = [str(shim.parent), str(proxy.parent)]
    first = await machine.probe()
    assert first.tool("php") is not None
    assert first.tool("swift") is not None
    assert first.tool("curl") is not None
    kept = (machine.home / ".cache/auto-deployer/answers/local").read_text()
    assert "/shims/" not in kept
    assert "/swiftly/" not in kept
    assert "/curl\t" not in kept


async def test_answers_that_cannot_be_kept_are_no_matter(machine: Machine) -> None:
    (machine.home / ".cache").write_text("a file in the way")
    assert (await machine.probe()).tool("bash") is not None


async def test_a_docker_client_alone_is_no_engine(machine: Machine) -> None:
    machine.program(machine.bin / "docker", '[ "$1" = version ] && exit 1; echo Docker version 28.2.2')
    assert not (await machine.probe()).docker_engine
    machine.program(machine.bin / "docker", "echo Docker version 28.2.2")
    assert (await machine.probe()).docker_engine


@pytest.mark.parametrize("kept", [(), ("uname", "id", "df", "timeout"), ("cat", "sed", "head", "awk", "tr", "grep")])
async def test_a_short_path_costs_only_what_bash_cannot_tell_alone(machine: Machine, kept: tuple[str, ...]) -> None:
    whole = await probe_host(LocalSession())
    for name in set(Machine.BASICS) - {"bash", *kept}:
        (machine.bin / name).unlink()
    facts = await machine.probe()
    same = ("os", "arch", "hostname", "distribution", "memory_mb", "cpu_count", "container", "systemd")
    assert {name: getattr(facts, name) for name in same} == {name: getattr(whole, name) for name in same}
    bash = facts.tool("bash")
    assert bash is not None
    assert (bash.path, bash.version) == (str(machine.bin / "bash"), whole.all_of("bash")[0].version)
    assert facts.listening_ports is not None


async def test_a_target_that_tells_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    with pytest.raises(ConnectionFailedError, match="No such file or directory"):
        await probe_host(LocalSession())


ENGINE = """case "$*" in
  "version --format {{.Server.Version}}") echo 27.3.1 ;;
  "context inspect "*) echo unix:///var/run/docker.sock ;;
  "compose version --short") echo 2.29.7 ;;
  *) exit 1 ;;
esac"""


async def test_the_engine_that_answers(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/1000/docker.sock")
    machine.program(machine.bin / "docker", ENGINE)
    engine = (await machine.probe()).engine
    assert engine is not None
    assert (engine.name, engine.version) == ("docker", "27.3.1")
    assert (engine.compose, engine.compose_version) == ("docker compose", "2.29.7")


async def test_podman_is_an_engine_too(machine: Machine) -> None:
    machine.program(machine.bin / "podman", '[ "$1" = info ] && echo 5.3.1')
    facts = await machine.probe()
    assert facts.engine is not None
    assert (facts.engine.name, facts.engine.compose, facts.docker_engine) == ("podman", "", False)


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("", True), ("unix:///x.sock", True), ("tcp://127.0.0.1:2375", True), ("tcp://localhost:2375", True),
        ("npipe:////./pipe/x", True),
        ("ssh://me@host", False), ("tcp://10.0.0.1:2375", False), ("tcp://localhost.example.org:1", False),
    ],
)  # fmt: skip
def test_an_engine_on_another_machine_is_none_here(address: str, counts: bool) -> None:
    said = f"fact\tos\tlinux\nfact\tengine\tdocker\nfact\tengine_address\t{address}\nfact\tengine_env_DOCKER_HOST\t{address}\n"
    engine = parse_probe(said).engine
    assert (engine is not None) is counts
    assert engine is None or engine.env == {"DOCKER_HOST": address}
