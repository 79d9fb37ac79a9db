"""Wherever a denied command stands, it stays denied; wherever one that is asked about stands, it never passes unseen."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import DEPLOY_DIR, HOME, RELEASE_DIR, fixtures, judged, policy

SEVERITY = {"allow": 0, "ask": 1, "deny": 2}
SIMPLE = [
    "rm -rf /", "rm -rf ~/x", "dd if=x of=/dev/sda", "mkfs.ext4 /dev/sda", "shutdown now", "ufw disable",
    "cat /home/ada/.ssh/id_rsa",
    "crontab x", "chpasswd", "cp x /etc/sudoers", "iptables -F", "find / -delete", "tee /etc/cron.d/x", "mv x /home/ada/.bashrc",
]  # fmt: skip
"""Denied simple commands whose words need no shell to understand."""
BEFORE = [
    "sudo", "sudo -u root", "env", "env A=1 B=2", "env -i", "nohup", "setsid", "setsid -f", "timeout 5", "timeout -k 1 5s",
    "nice", "nice -n 5",
    "ionice -c2 -n7", "stdbuf -oL -eL", "command", "command -p", "exec", "exec -a x", "time", "time -p", "busybox", "xargs",
    "xargs -0 -n1",
    "xargs -I{}", "flock /tmp/l", "doas", "chroot /srv", "unshare -r", "nsenter -t 1 -m", "strace -f -o x", "taskset 1",
    "find . -exec", "A=1",
    "if", "while", "until", "!", "if true; then", "for i in a; do", "{", "(", "true &&", "false ||", "true;", "true |",
    "true |&", "true &", "f() {",
    "> /dev/null", "2>&1", "< x", "<<< x", "cd web &&", "builtin command", "coproc", "case a in a)", "runuser -u x --",
    "systemd-run --user",
    "su-exec root", "dumb-init", "chronic", "caffeinate -i", "echo $(", 'echo "$(', "x=$(", '[ -n "$(', "cat <(", "tee >(",
    "(( $(", "x=([0]=$(",
]  # fmt: skip
AFTER = {
    "if": "; then :; fi", "while": "; do :; done", "until": "; do :; done", "if true; then": "; fi", "for i in a; do": "; done",
    "{": "; }", "(": ")",
    "f() {": "; }", "case a in a)": ";; esac", "find . -exec": " {} +", "echo $(": ")", 'echo "$(': ')"', "x=$(": ")",
    '[ -n "$(': ')" ]',
    "cat <(": ")", "tee >(": ")", "(( $(": ") ))", "x=([0]=$(": "))",
}  # fmt: skip
QUOTED = [
    "bash -c {}", "sh -ec {}", "sudo bash -c {}", "eval {}", "trap {} EXIT", "bash <<< {}", "echo {} | sh",
    "printf %s {} | bash", "env -S {}",
    "su -c {}", "flock l -c {}", "bash <(echo {})", ". <(printf %s {})", "git -c alias.x=\\!{} x", "PAGER={} git log",
    "npx -c {}", "watch {}",
    "xargs sh -c {}", "find . -exec sh -c {} \\;", "timeout 9 sh -c {}", "ssh host {}", "echo {} > s; sh s", "cat <<< {} | sh",
    "script -c {} x",
    'x={}; bash -c "$x"', "alias x={}", "git submodule foreach {}", "tar cf x y --checkpoint-action=exec={}",
    "GIT_SSH_COMMAND={} git fetch",
    "make SHELL={}", "mapfile -C {} x", "parallel {} ::: ''", "rsync -e {} a b:", "git rebase -x {} main",
]  # fmt: skip
"""Programs that are given shell code as one word."""


def wrapped(before: str, command: str) -> str:
    return f"{before} {command}{AFTER.get(before, '')}"


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("command", SIMPLE)
def test_no_wrapper_lowers_a_denial(before: str, command: str) -> None:
    assert judged(wrapped(before, command)).verdict == "deny"


@pytest.mark.parametrize("form", QUOTED)
@pytest.mark.parametrize("command", SIMPLE)
def test_no_quoting_lowers_a_denial(form: str, command: str) -> None:
    assert judged(form.format(shlex.quote(command))).verdict == "deny"


@given(
    command=st.sampled_from([command for _, command in fixtures("deny") if "\n" not in command]),
    forms=st.lists(
        st.sampled_from(["bash -c {}", "eval {}", "sudo sh -c {}", "timeout 5 bash -c {}", "trap {} EXIT"]), min_size=1, max_size=3
    ),
)
def test_denied_commands_stay_denied_as_code_of_shells_in_shells(command: str, forms: list[str]) -> None:
    for form in forms:
        command = form.format(shlex.quote(command))
    assert judged(command).verdict == "deny"


@given(
    command=st.sampled_from(
        [command for verdict in ("deny", "ask") for _, command in fixtures(verdict) if command.count("'") % 2 == 0]
    ),
    before=st.sampled_from(
        ["true", "npm ci", "cd web", "export A=1", "f() { :; }", "# note", "x=1", "cat <<E\nhi\nE", "(true)", "{ true; }"]
    ),
    behind=st.sampled_from(["true", "npm start", "exit 0", "echo done", "# end"]),
)
def test_what_stands_before_or_behind_never_lowers_a_verdict(command: str, before: str, behind: str) -> None:
    alone = SEVERITY[judged(command).verdict]
    assert SEVERITY[judged(f"{before}\n{command}\n{behind}").verdict] >= alone


@given(st.sampled_from(SIMPLE), st.data())
def test_no_way_of_writing_words_lowers_a_denial(command: str, data: st.DataObject) -> None:
    words = [data.draw(st.sampled_from(spellings(word))) for word in command.split(" ")]
    assert judged(" ".join(words)).verdict == "deny"


def spellings(word: str) -> list[str]:
    """The same word, written in other ways."""
    plain = [shlex.quote(word), f"'{word}'", f"{word[:1]}''{word[1:]}", f"$'{word}'"]
    if "~" in word:
        return [word]
    return [
        word, *plain, f'"{word}"', f'{word[:1]}"{word[1:]}"', "".join(f"\\{char}" for char in word),
        f"${{nothing:+x}}{word}" if word[:1] != "/" else word,
        "$'" + "".join(f"\\x{ord(char):02x}" for char in word) + "'", f"$(echo {word})", f"$(printf %s {word})",
        f'"$(echo {word})"', f"{word[:1]}\\\n{word[1:]}",
    ]  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert judged(text).verdict in SEVERITY


@given(
    st.lists(
        st.sampled_from(
            [
                "$(",
                ")",
                "`",
                "'",
                '"',
                "{",
                "}",
                "rm",
                " ",
                "-rf",
                "/",
                ";",
                "&&",
                "|",
                "\n",
                "<<E",
                "E",
                ">",
                "\\",
                "$x",
                "if",
                "fi",
            ]
        ),
        max_size=14,
    )
)
def test_torn_syntax_gets_a_verdict(pieces: list[str]) -> None:
    assert judged("".join(pieces)).verdict in SEVERITY


def test_a_command_that_is_too_long_or_too_deep_is_asked_about() -> None:
    assert judged("echo " + "x" * 600_000).rule == "unparsable"
    deep = "true"
    for _ in range(15):
        deep = f"bash -c {shlex.quote(deep)}"
    assert judged(deep).rule == "unparsable"
    assert judged("$(" * 40 + "true" + ")" * 40).verdict in ("allow", "ask")


def test_the_worst_part_is_named() -> None:
    verdict = judged("npm ci && sudo ls; curl x | sh; rm -rf /etc; kill 5")
    assert (verdict.verdict, verdict.rule, verdict.part) == ("deny", "recursive-delete", "rm -rf /etc")


@pytest.mark.parametrize(
    ("cwd", "verdict"), [(RELEASE_DIR, "allow"), (DEPLOY_DIR, "deny"), (HOME, "deny"), ("", "deny"), ("/", "deny")]
)
def test_the_folder_it_runs_in_decides_about_relative_paths(cwd: str, verdict: str) -> None:
    assert judged("rm -rf *", cwd).verdict == verdict


def test_the_environment_is_part_of_the_command() -> None:
    made = policy()
    assert made.judge("rm -rf $X", cwd=RELEASE_DIR, env={"X": "dist"}).verdict == "allow"
    assert made.judge("rm -rf $X", cwd=RELEASE_DIR, env={"X": "/etc"}).verdict == "deny"
    assert made.judge("git fetch", cwd=RELEASE_DIR, env={"GIT_SSH_COMMAND": "rm -rf /"}).verdict == "deny"
    assert made.judge("rm -rf ~/x", cwd=RELEASE_DIR, env={"HOME": "/srv"}).verdict == "deny"
