"""Whether what happened is what should have. A reported success counts only when the page really answers."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from auto_deployer.model.reasons import Kind

from .cli import Ended
from .entries import Entry
from .processes import describe, end_all, left_running

ANSWER_WITHIN_S = 10
READ_AT_MOST = 2_000_000
"""Bytes of a page."""
GONE_WITHIN_S = 5
_NO_NETWORK = (Kind.DEPENDENCY_SOURCE_UNREACHABLE, Kind.BUILD_NEEDS_NETWORK)


class Verdict(StrEnum):
    """What is to be said of an entry in the end."""

    AS_EXPECTED = "as expected"
    DIFFERENT = "different"
    FALSE_SUCCESS = "FALSE SUCCESS"
    """Success was reported where none is possible, or for an app that does not answer."""
    SKIPPED = "skipped"
    NOT_HAD = "not had"
    """The repository, or what it needs from the network, could not be fetched: the run is not complete, whoever is to blame."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and, in words, why."""

    verdict: Verdict
    why: str = ""


def judge_plan(entry: Entry, ended: Ended) -> Judgement:
    """What `plan` said."""
    if ended.outcome == "planned":
        if not entry.planned:
            return Judgement(Verdict.DIFFERENT, f"planned by {ended.recipe}, {entry.expected} expected")
        return _judge_recipe(entry, ended) or Judgement(Verdict.AS_EXPECTED)
    if entry.planned:
        return Judgement(Verdict.DIFFERENT, f"{ended.outcome}: {ended.kind}: {ended.message}")
    return _judge_refusal(entry, ended)


def judge_deploy(entry: Entry, ended: Ended) -> Judgement:
    """How `deploy` ended; of a success, whether the page answers as it should. The app must still be running."""
    if (ended.exit_code == 0) != (ended.outcome == "success"):
        return Judgement(Verdict.DIFFERENT, f"exit code {ended.exit_code} with outcome {ended.outcome}: {ended.message}")
    if entry.expected != "success":
        if ended.outcome == "success":
            return Judgement(Verdict.FALSE_SUCCESS, f"serves {ended.url}, {entry.expected} expected")
        return _judge_refusal(entry, ended)
    if ended.outcome != "success":
        verdict = Verdict.NOT_HAD if ended.kind in _NO_NETWORK else Verdict.DIFFERENT
        return Judgement(verdict, f"{ended.outcome}: {ended.kind}: {ended.message}")
    found = _judge_page(entry, ended.url) or _judge_port(entry, ended) or _judge_recipe(entry, ended)
    return found or Judgement(Verdict.AS_EXPECTED)


def judge_end(found: Judgement, work: Path, url: str, said: str = "") -> Judgement:
    """Once a deployment failed, or its app was stopped: nothing of it may be left. What is left is named, and ended.

    Args:
        said: What `stop` complained of.
    """
    wrong = [said] if said else []
    if left := left_running(work, GONE_WITHIN_S):
        wrong.append(f"left running: {'; '.join(map(describe, left))}")
        end_all(left)
    elif url and _listens(url):
        wrong.append(f"something still listens at {url}")
    if not wrong:
        return found
    verdict = Verdict.DIFFERENT if found.verdict is Verdict.AS_EXPECTED else found.verdict
    return Judgement(verdict, "; ".join(filter(None, (found.why, *wrong))))


def fetch(url: str, within_s: float = ANSWER_WITHIN_S) -> tuple[int | None, str]:
    """Status and text of a page, None and "" when nothing answers. A redirect is an answer and is not followed."""
    opener, end = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay), time.monotonic() + within_s
    while True:
        try:
            with opener.open(url, timeout=ANSWER_WITHIN_S) as reply:
                return reply.status, reply.read(READ_AT_MOST).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read(READ_AT_MOST).decode("utf-8", "replace")
        except OSError:
            if time.monotonic() > end:
                return None, ""
            time.sleep(0.2)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        return None


def _judge_page(entry: Entry, url: str) -> Judgement | None:
    status, text = fetch(urljoin(url, entry.path))
    if status != entry.status:
        return Judgement(Verdict.FALSE_SUCCESS, f"GET {entry.path} gives {status}, {entry.status} expected")
    if entry.text not in text:
        return Judgement(Verdict.FALSE_SUCCESS, f"GET {entry.path} lacks {entry.text!r}; it begins {text[:80]!r}")
    return None


def _judge_port(entry: Entry, ended: Ended) -> Judgement | None:
    port = urlsplit(ended.url).port
    if entry.port in (None, port):
        return None
    return Judgement(Verdict.DIFFERENT, f"serves on port {port}, {entry.port} expected")


def _judge_recipe(entry: Entry, ended: Ended) -> Judgement | None:
    if entry.recipe in ("", ended.recipe):
        return None
    return Judgement(Verdict.DIFFERENT, f"planned by {ended.recipe or 'no recipe'}, {entry.recipe} expected")


def _judge_refusal(entry: Entry, ended: Ended) -> Judgement:
    if ended.outcome == "failed" and ended.kind == entry.expected:
        return Judgement(Verdict.AS_EXPECTED)
    said = ": ".join(filter(None, (ended.outcome, ended.kind, ended.message)))
    return Judgement(Verdict.DIFFERENT, f"{said} ({entry.expected} expected)")


def _listens(url: str) -> bool:
    """Whether the address takes connections, after a while of patience."""
    place, end = urlsplit(url), time.monotonic() + GONE_WITHIN_S
    while True:
        try:
            socket.create_connection((place.hostname or "", place.port or 80), timeout=2).close()
        except OSError:
            return False
        if time.monotonic() > end:
            return True
        time.sleep(0.2)
