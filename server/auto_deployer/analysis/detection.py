"""Asking the recipes what they see, and who wins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ..model.errors import AutoDeployerError
from ..model.facts import Detection
from ..model.ports import RepoTree

Detector = Callable[[RepoTree], Detection | None]

FAR_HIGHER = 2.0
"""A detection that cannot be run outranks a runnable one only with more than this multiple of its score."""

_log = logging.getLogger(__name__)


def detect(tree: RepoTree, detectors: Sequence[Detector]) -> tuple[tuple[Detection, ...], tuple[str, ...]]:
    """What the recipes see, best first, and notes.

    The highest score wins (0 or less never does); equal ones keep the order of `detectors`. What is not runnable counts
    `1 / FAR_HIGHER` of its score: a manifest with nothing to start does not outrank a page that can be served beside it, while a
    broken manifest of a clear kind outranks a stray page.
    """
    found: list[Detection] = []
    notes: list[str] = []
    for detector in detectors:
        try:
            detection = detector(tree)
        except AutoDeployerError:
            raise
        except Exception as error:  # noqa: BLE001 what a stranger's file provokes in one recipe must not stop the others
            _log.exception("A recipe could not look at the repository")
            notes.append(f"A recipe could not look at the repository ({type(error).__name__}) and was left out")
            continue
        if detection is not None:
            found.append(detection)
    return tuple(sorted(found, key=_rank, reverse=True)), tuple(notes)


def winner(detections: Sequence[Detection]) -> Detection | None:
    """The first of a sorted list that is no mere packaging, unless nothing speaks for it."""
    best = next((found for found in detections if not found.packaging), None)
    return best if best is not None and best.score > 0 else None


def _rank(detection: Detection) -> float:
    return detection.score if detection.runnable or detection.score <= 0 else detection.score / FAR_HIGHER
