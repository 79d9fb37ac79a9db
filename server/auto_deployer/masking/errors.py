"""What an error says, without secrets: an error outside of a deployment passes no recorder on its way out."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ..model.errors import AutoDeployerError
from .models import mask_model
from .registry import SecretRegistry

logger = logging.getLogger(__name__)


@contextmanager
def masked_errors(secrets: SecretRegistry) -> Iterator[None]:
    """Whatever is raised inside comes out masked, in its message, its suggestions and its trace.

    Raises:
        AutoDeployerError: what was raised; an error of another kind as `internal_error`, its masked trace is in the log of ours.
    """
    try:
        yield
    except AutoDeployerError as error:
        _mask(error, secrets)
        raise
    except Exception as error:  # noqa: BLE001 - what nobody foresaw may say anything
        logger.error("an internal error:\n%s", secrets.mask(traceback.format_exc()))  # noqa: TRY400 - masked
        raise AutoDeployerError(secrets.mask(f"Internal error: {type(error).__name__}: {error}")) from None


def _mask(error: AutoDeployerError, secrets: SecretRegistry) -> None:
    error.message = secrets.mask(error.message)
    error.suggestions = tuple(mask_model(suggestion, secrets.mask) for suggestion in error.suggestions)
    error.args = (error.message,)
    # what led to it has texts of its own
    error.__cause__, error.__suppress_context__ = None, True
