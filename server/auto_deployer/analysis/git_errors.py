"""What git says when it cannot fetch, as one of our kinds."""

from __future__ import annotations

import re

from ..model.errors import AuthenticationFailedError, AutoDeployerError, ConnectionFailedError, RepositoryError
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest
from .git import GitFailedError
from .source import Source

TOKEN_VARIABLE, USERNAME_VARIABLE = "AUTO_DEPLOYER_GIT_TOKEN", "AUTO_DEPLOYER_GIT_USERNAME"
"""A login for the repository that is deployed, from the environment."""

_REF = re.compile(
    r"couldn't find remote ref|remote branch .* not found|not our ref|no such remote ref|unadvertised object", re.IGNORECASE
)
_MEMORY = re.compile(r"attempting to allocate \d+ over limit|out of memory", re.IGNORECASE)
_HOST_KEY = re.compile(r"host key verification failed|remote host identification has changed", re.IGNORECASE)
_AUTH = re.compile(
    r"authentication failed|could not read (?:username|password)|terminal prompts disabled|permission denied \(|access denied"
    r"|returned error: 40[13]|invalid credentials|too many authentication failures",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"repository .*not found|repository not found|does not appear to be a git repository|not a git repository|no such file",
    re.IGNORECASE,
)


def explain(error: GitFailedError, source: Source) -> AutoDeployerError:
    """The error for a failed fetch of `source`; git's own words are quoted without credentials.

    A host key fault is told better by `host_keys.explain_host_key`.
    """
    said = hide(_last_words(error.result.stderr), source)
    text = error.result.stderr
    if _MEMORY.search(text):
        return RepositoryError(
            f"{source.display} holds a file that takes too much memory to unpack: {said}", kind=Kind.REPOSITORY_TOO_LARGE,
            suggestions=(suggest("Leave data and build results out of the repository (.gitignore)."),),
        )  # fmt: skip
    if _REF.search(text):
        return RepositoryError(f"{source.display} has no such ref: {said}", kind=Kind.GIT_REF_NOT_FOUND)
    if _AUTH.search(text):
        return AuthenticationFailedError(
            f"{source.display} does not exist or asks for a login that git could not give: {said}", suggestions=_login_hints(source)
        )
    if source.protocol == "file" and not _ABSENT.search(text):
        return RepositoryError(
            f"git cannot read the objects of {source.display}: {said}",
            suggestions=(
                suggest("Look at it; a partial clone lacks objects and has to be cloned anew, as a whole", command="git fsck"),
            ),
        )
    if _ABSENT.search(text):
        return RepositoryError(
            f"{source.display} is no git repository that can be read: {said}",
            suggestions=(suggest("Check the address and your access to it."),),
        )
    return ConnectionFailedError(
        f"{source.display} cannot be reached: {said}",
        suggestions=(suggest("Check the host name, the network and the proxy settings."),),
    )


def is_host_key_fault(error: GitFailedError) -> bool:
    """Whether ssh refused because of the server's host key."""
    return _HOST_KEY.search(error.result.stderr) is not None


def hide(text: str, source: Source) -> str:
    """`text` without the credentials of `source`."""
    for secret in source.secrets:
        text = text.replace(secret, "***")
    return text


def _login_hints(source: Source) -> tuple[Suggestion, ...]:
    if source.protocol == "ssh":
        return (suggest("Check that the server knows your key, and load it into your ssh agent", command="ssh-add"),)
    return (
        suggest("Check the address."),
        suggest(
            "Use its ssh address, or set up a git credential helper for this host",
            command="git config --global credential.helper HELPER",
        ),
        suggest(f"Or put a token in {TOKEN_VARIABLE} (and, where its user name matters, that in {USERNAME_VARIABLE})."),
    )


def _last_words(stderr: str) -> str:
    """The lines that tell the cause, at most 400 characters."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    causes = ("fatal:", "error:", "ERROR", "remote:", "ssh:")
    telling = [line for line in lines if line.startswith(causes) or "ermission denied" in line]
    return " / ".join((telling or lines)[-4:])[-400:] or "git said nothing"
