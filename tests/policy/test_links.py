"""Links that lie in a release lead where they lead: on this machine they are followed, by their text alone they are not."""

from __future__ import annotations

import os.path
from pathlib import Path

import pytest

from auto_deployer.model.facts import HostFacts
from auto_deployer.model.ports import DeployPaths
from auto_deployer.model.settings import PolicySettings
from auto_deployer.orchestrator.policy import CommandPolicy


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with keys, another project and a deploy directory, the home itself reached through a link."""
    real = tmp_path / "volumes" / "ada"
    release = real / "deployments" / "site" / "releases" / "r2"
    for folder in (release / "web", real / ".ssh", real / "photos", real / "deployments" / "site" / "shared" / "data"):
        folder.mkdir(parents=True)
    (real / ".ssh" / "id_rsa").write_text("key")
    links = {"out": real, "pictures": real / "photos", "key": real / ".ssh" / "id_rsa", "data": Path("../../shared/data")}
    for name, target in links.items():
        (release / name).symlink_to(target)
    (tmp_path / "ada").symlink_to(real)
    return tmp_path / "ada"


def judged(home: Path, command: str, target: str = "local") -> tuple[str, str]:
    paths = DeployPaths(str(home / "deployments" / "site"), "r2")
    made = CommandPolicy.of(PolicySettings(), paths, HostFacts(home=str(home)), target=target)
    verdict = made.judge(command, cwd=paths.release_dir)
    return verdict.verdict, verdict.rule


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        ("rm -rf out/*", ("deny", "recursive-delete")),
        ("rm -rf pictures/", ("allow", "")),
        ("rm -rf out/photos", ("ask", "recursive-delete")),
        ("rm -rf out", ("allow", "")),
        ("rm out", ("allow", "")),
        ("cat key", ("deny", "key-files")),
        ("cat out/.ssh/id_rsa", ("deny", "key-files")),
        ("cp -r out web/", ("deny", "key-files")),
        ("echo x > out/.bashrc", ("deny", "shell-startup")),
        ("tar czf web/x.tgz out/", ("deny", "key-files")),
        ("cat out/photos/x", ("allow", "")),
        ("rm -rf web && cp -r data web", ("allow", "")),
        ("echo x > data/x", ("allow", "")),
    ],
)
def test_links_of_the_release(home: Path, command: str, verdict: tuple[str, str]) -> None:
    assert judged(home, command) == verdict


def test_on_another_machine_paths_are_taken_by_their_text(home: Path) -> None:
    assert judged(home, "cat key", target="ssh://host") == ("allow", "")
    assert os.path.realpath(home) != str(home)
