"""The setting `logs.keep`: when a deployment has ended, the oldest logs beyond the number go."""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ..deploy_log import LogRow, LogStore, path_of
from ..model.errors import AutoDeployerError
from .history import History
from .turns import blocking_turn

logger = logging.getLogger(__name__)

_AT_ONCE = 20
"""Logs that are deleted in one turn."""


def remove_old_logs(folder: Path, keep: int, group_id: str | None = None) -> None:
    """Delete the oldest logs of ended deployments beyond `keep`, with their files. Not for an event loop.

    Those stay that a running deployment continues or belongs together with, those of other hosts, and what other programs wrote.

    Args:
        group_id: A group that may still go on: its logs stay, too.
    """
    store = LogStore(folder)
    history = History(store)
    while True:
        with blocking_turn(folder):  # nobody begins to continue one meanwhile; and nobody waits long for many that go
            going = list(islice(_too_old(store.rows(), keep, group_id or ""), _AT_ONCE))
            gone = [_delete(history, row) for row in going]
        if len(going) < _AT_ONCE or not any(gone):
            return


def _delete(history: History, row: LogRow) -> bool:
    try:
        history.delete(path_of(row.summary.log_uri))
    except AutoDeployerError as error:
        logger.warning("the log of deployment %s stays: %s", row.summary.deployment_id, error)
        return False
    return True


def _too_old(rows: Sequence[LogRow], keep: int, group_id: str) -> Iterator[LogRow]:
    running = [row for row in rows if not row.ended]
    continued = {row.retry_of for row in running}
    work_dirs = {row.work_dir for row in running} - {""}
    groups = ({row.group_id for row in running} | {group_id}) - {""}
    ours = [row for row in rows if row.ended and row.host == platform.node()]
    for row in ours[keep:]:
        if row.summary.deployment_id not in continued and row.work_dir not in work_dirs and row.group_id not in groups:
            yield row
