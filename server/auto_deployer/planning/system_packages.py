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
    "node": {"sudo apt install": "nodejs", "sudo dnf install": "nodejs", "sudo apk add": "nodejs", "sudo pacman -S": "nodejs"},
    "npm": {"brew install": "node"},
    "python3": {"sudo apt install": "python3 python3-venv", "sudo pacman -S": "python", "brew install": "python"},
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


def install_command(host: HostFacts, programs: Sequence[str]) -> str:
    """The command that installs programs with the target's own package manager."""
    system = f"{host.distribution} {'macos' if host.os == 'darwin' else ''}".lower()
    installer = next((command for words, command in _INSTALLERS if any(word in system for word in words)), "sudo apt install")
    packages = dict.fromkeys(_PACKAGES.get(name, {}).get(installer, name) for name in programs)
    return f"{installer} {' '.join(packages)}"
