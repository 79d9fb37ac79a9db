"""What counts as a prompt: real prompts of tools do, real progress and log output does not."""

from __future__ import annotations

import pytest

from auto_deployer.sessions.prompts import prompt_at_end

SURE = [
    "Password: ",
    "[sudo] password for web: ",
    "Enter passphrase for key '/home/a/.ssh/id_ed25519': ",
    "Username for 'https://git.example.org': ",
    "Do you want to continue? [Y/n] ",
    "Proceed (y/n)? ",
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    "Overwrite existing file? (y/N) ",
    "Is this OK? (yes) (y/n)",
    "? Project name: › ",
    "\x1b[36m?\x1b[39m \x1b[1mWhich template do you want?\x1b[0m ›",
    "Press any key to continue . . .",
    "press enter to accept the default",
    "Would you like to install it now?",
]
LOOSE = ["Name of the project (app): ", "Select a number > ", "Your choice [1-3]", "mysql> ", "What now?"]
ORDINARY = [
    "",
    "   ",
    "Compiling app v1.0",
    "Downloading 45%",
    "Progress: [#####     ]",
    "Collecting packages...",
    "Building [12/40]",
    "\rfetching 3/10: ",
    "password reset page compiled",
    "see https://example.org/continue?",
    "x" * 500 + "?",
]


@pytest.mark.parametrize("text", SURE)
def test_sure_prompts(text: str) -> None:
    assert prompt_at_end(f"output\n{text}".encode(), sure=True)


@pytest.mark.parametrize("text", LOOSE)
def test_loose_prompts_are_told_only_at_the_idle_time_out(text: str) -> None:
    assert prompt_at_end(text.encode(), sure=True) == ""
    assert prompt_at_end(text.encode(), sure=False) == text.strip()


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_output_is_never_sure(text: str) -> None:
    assert prompt_at_end(text.encode(), sure=True) == ""


@pytest.mark.parametrize("text", [text for text in ORDINARY if not text.endswith("continue?")])
def test_ordinary_output_is_no_loose_prompt_either(text: str) -> None:
    assert prompt_at_end(text.encode(), sure=False) == ""


def test_a_finished_line_is_no_prompt() -> None:
    assert prompt_at_end(b"Password: \n", sure=False) == ""


def test_colours_are_removed_and_broken_bytes_do_not_matter() -> None:
    assert prompt_at_end(b"\xff\xfe\n\x1b[1mPassword:\x1b[0m ", sure=True) == "Password:"
    assert prompt_at_end(b"Mot de passe\xff (password): ", sure=True).endswith("(password):")
