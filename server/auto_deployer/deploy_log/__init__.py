"""The log on disk: recorder, event journal, log file, output files, reader, store, sweep.

The only writer of logs and the only publisher of events. Imports `masking` and `model` only.
"""

from .follow import follow_log
from .output import CommandOutput
from .reader import read_log
from .recorder import Recorder
from .rows import LogRow, path_of
from .store import LogStore
from .sweep import sweep_log

__all__ = ["CommandOutput", "LogRow", "LogStore", "Recorder", "follow_log", "path_of", "read_log", "sweep_log"]
