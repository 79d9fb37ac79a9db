"""What is known of an app's secrets when its log is shown: its env file, what was made for it, what its releases have committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from auto_deployer.apps.secrets import _read, _texts, app_secrets
from auto_deployer.sessions.local import LocalSession


@pytest.fixture
def deploy_dir(tmp_path: Path) -> Path:
    shared, release = tmp_path / "shared", tmp_path / "releases" / "20240101-000000-abcd"
    for folder in (shared / "data", release / "server", release / "node_modules" / "x"):
        folder.mkdir(parents=True)
    (shared / ".env").write_text(
        "GREETING=given value\nNODE_ENV=production\n" + "".join(f"V{n}=value number {n}\n" for n in range(9000))
    )
    (shared / "secret_key").write_text("made-for-it\n")
    (shared / "paths").write_text("uploads")
    (release / "server" / ".env.production").write_text('API_KEY_2="committed-value"\nTITLE="a plain title"\n')
    (release / "node_modules" / "x" / ".env").write_text("PASSWORD=somebody-elses\n")
    return tmp_path


PRINTED = "given value|production|value number 8999|made-for-it|uploads|committed-value|a plain title"
SHOWN = "***|production|***|***|uploads|***|a plain title"


async def test_all_of_them_are_masked(deploy_dir: Path) -> None:
    assert (await app_secrets(LocalSession(), str(deploy_dir))).mask(PRINTED) == SHOWN


async def test_without_a_deploy_directory_nothing_is_known(tmp_path: Path) -> None:
    assert (await app_secrets(LocalSession(), str(tmp_path / "none"))).mask(PRINTED) == PRINTED


async def test_where_there_is_no_shell_the_same_files_are_read(deploy_dir: Path) -> None:
    def text_of(found: list[tuple[str, str]]) -> dict[str, str]:
        return {path: text.strip() for path, text in found}

    assert text_of(list(_read(deploy_dir))) == text_of(await _texts(LocalSession(), str(deploy_dir)))
