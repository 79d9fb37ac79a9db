"""Where the commands get what does the work, and how they are stopped. Loading the runner takes longer than all of `--help`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..model.ports import AppVerbs, DeploymentRunner
    from ..runner.settings import SettingsSource

T = TypeVar("T")

_STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks us to end: Ctrl-C, a supervisor, a terminal that is closed."""


def open_runner(log_dir: Path, settings: SettingsSource) -> DeploymentRunner:
    """The runner of this process, keeping its logs in `log_dir`."""
    from ..runner import create_runner

    return create_runner(log_dir, settings=settings)


def open_apps() -> AppVerbs:
    """What can be done with deployed apps."""
    from ..runner import create_app_verbs

    return create_app_verbs()


def systemd_unit() -> str:
    """The systemd user unit that brings apps back after a reboot."""
    from ..runner.factory import resume_unit

    return resume_unit()


def install_systemd_unit(text: str) -> Path:
    """Put it in place and enable it.

    Raises:
        AppError: no user manager answers.
    """
    from ..runner.factory import install_resume_unit

    return install_resume_unit(text)


def sweep(log_dir: Path) -> None:
    """Give deployments whose process died their end, and end what they left running."""
    from ..runner import sweep_logs

    sweep_logs(log_dir)


def delete_log(path: Path) -> None:
    """Delete the log of a deployment that has ended, and all that belongs to it.

    Raises:
        InvalidStateError: the deployment runs, or it is none of our logs.
    """
    from ..runner.factory import delete_log

    delete_log(path)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a stop signal cancels it, so that its child processes are ended.

    Raises:
        asyncio.CancelledError: it was asked to end.
    """

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        with on_stop(task.cancel):
            return await work

    return asyncio.run(cancellable())


@contextmanager
def on_stop(callback: Callable[[], object]) -> Iterator[None]:
    """Inside the block every stop signal calls `callback` on the event loop, instead of what it did before."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    taken = [number for number, handler in before.items() if handler != signal.SIG_IGN]  # nohup's choice stands
    for number in taken:
        _on_signal(loop, number, callback)
    try:
        yield
    finally:
        for number in taken:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])


def _on_signal(loop: asyncio.AbstractEventLoop, number: int, callback: Callable[[], object]) -> None:
    try:
        loop.add_signal_handler(number, callback)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(callback))
