"""How programs are installed with the target's own package manager: for people to run, we never do."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.facts import HostFacts

_INSTALLERS = (
    (("debian", "ubuntu", "mint", "raspbian", "pop!_os"), "sudo apt install"),
    (("fedora", "red hat", "centos", "rocky", "alma", "amazon"), "sudo dnf install"),
    (("alpine",), "sudo apk add"),
    (("arch", "manjaro"), "sudo pacman -S"),
    (("macos", "mac os"), "brew install"),
)
"""Words in a distribution's name, and how packages are installed there."""
_PACKAGES: dict[str, dict[str, str]] = {
    "node": {"winget install": "OpenJS.NodeJS.LTS",
             "sudo apt install": "nodejs", "sudo dnf install": "nodejs", "sudo apk add": "nodejs", "sudo pacman -S": "nodejs"},
    "npm": {"brew install": "node", "winget install": "OpenJS.NodeJS.LTS"},
    "python3": {"winget install": "Python.Python.3.13",
                "sudo apt install": "python3 python3-venv", "sudo pacman -S": "python", "brew install": "python"},
    "go": {"sudo apt install": "golang-go", "sudo dnf install": "golang"},
    "cargo": {"brew install": "rust", "sudo pacman -S": "rust"},
    "php": {"sudo apt install": "php-cli", "sudo dnf install": "php-cli"},
    "java": {"sudo apt install": "default-jdk", "sudo dnf install": "java-latest-openjdk-devel", "sudo apk add": "openjdk21",
             "sudo pacman -S": "jdk-openjdk", "brew install": "openjdk"},
    "mvn": {"sudo apt install": "maven", "sudo dnf install": "maven", "sudo apk add": "maven", "sudo pacman -S": "maven",
            "brew install": "maven"},
    "ruby": {"sudo apt install": "ruby-full", "sudo dnf install": "ruby-devel", "sudo apk add": "ruby-dev"},
    "bundle": {"sudo apt install": "bundler", "sudo dnf install": "rubygem-bundler", "sudo apk add": "ruby-bundler",
               "sudo pacman -S": "ruby-bundler", "brew install": "ruby"},
}  # fmt: skip
"""Program -> package, where that has another name."""


_PYTHON_LINES = {
    "sudo apt install": "sudo apt install python{0} python{0}-venv", "sudo dnf install": "sudo dnf install python{0}",
    "brew install": "brew install python@{0}", "winget install": "winget install Python.Python.{0}",
}  # fmt: skip
"""Systems whose package manager has several lines of Python side by side."""
_NODE_LINES = {"brew install": "brew install node@{0}", "winget install": "winget install OpenJS.NodeJS.{0}"}


def python_command(host: HostFacts, line: str) -> str:
    """The command that installs a line of Python ("3.12") on the target, for people to run."""
    return _PYTHON_LINES.get(_installer(host), "uv python install {0}").format(line)


def node_command(host: HostFacts, line: str) -> str:
    """The command that installs a line of Node ("22") on the target, for people to run."""
    return _NODE_LINES.get(_installer(host), "nvm install {0}").format(line)


def install_command(host: HostFacts, programs: Sequence[str]) -> str:
    """The command that installs programs with the target's own package manager."""
    installer = _installer(host)
    packages = dict.fromkeys(_PACKAGES.get(name, {}).get(installer, name) for name in programs)
    return f"{installer} {' '.join(packages)}"


def _installer(host: HostFacts) -> str:
    if host.os == "windows":
        return "winget install"
    system = f"{host.distribution} {'macos' if host.os == 'darwin' else ''}".lower()
    return next((command for words, command in _INSTALLERS if any(word in system for word in words)), "sudo apt install")
