"""Every error a user can meet, with a stable `kind` that is the same on the wire, in the log and for the CLI's exit code.

AutoDeployerError
├── UsageError             the request itself is wrong
├── NotFoundError          a deployment, app, log or step that is not there
├── NotTrustedError        deploying is refused in an untrusted workspace
├── RefusedError           the repository cannot be fetched or planned: nothing was installed
│   ├── RepositoryError    … because its source cannot be had
│   └── RuntimeMissingError … for want of a language runtime
├── ConnectionFailedError  a target or a git server cannot be reached
├── AuthenticationFailedError
├── InvalidStateError      the deployment is not in a state that allows this
├── TargetLockedError      another deployment works in the same deploy directory, or it is not ours
├── LogError               the log folder or file cannot be written
├── AppError               the app cannot be started, found or proven to answer
├── ModelError             a call of the model failed, or a limit for calls is reached
└── SettingsError          a setting has a wrong value or an unknown name
"""

from __future__ import annotations

from typing import ClassVar

from .facts import EnvVariable
from .reasons import Kind, Reason
from .suggestions import Suggestion, suggest


class AutoDeployerError(Exception):
    """Base of all our errors: what happened (with what was looked at), and what to do next.

    What an error holds is declared in its class, with the type: so it is rebuilt where another process raised it.
    """

    kind: Kind = Kind.INTERNAL_ERROR
    message: str
    suggestions: tuple[Suggestion, ...]
    code: ClassVar[int] = -32603
    """JSON-RPC error code on the wire."""
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, kind: Kind | None = None, suggestions: tuple[Suggestion, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.suggestions = suggestions
        if kind is not None:
            self.kind = kind

    @property
    def reason(self) -> Reason:
        """This error as it stands in a log or a `deploy/finished`."""
        return Reason(kind=self.kind, message=self.message, suggestions=self.suggestions)


class UsageError(AutoDeployerError):
    kind = Kind.INVALID_REQUEST
    code = -32602


class NotFoundError(AutoDeployerError):
    kind = Kind.NOT_FOUND
    code = 1002


class NotTrustedError(AutoDeployerError):
    kind = Kind.NOT_TRUSTED
    code = 1003


class RefusedError(AutoDeployerError):
    kind = Kind.NO_RUNNABLE_AT_ROOT
    code = 1004
    missing_env: tuple[EnvVariable, ...]

    def __init__(
        self, message: str, *, kind: Kind | None = None, suggestions: tuple[Suggestion, ...] = (),
        missing_env: tuple[EnvVariable, ...] = (),
    ) -> None:  # fmt: skip
        """`missing_env`: variables that lift the refusal once they are set."""
        super().__init__(message, kind=kind, suggestions=suggestions)
        self.missing_env = missing_env


class RepositoryError(RefusedError):
    kind = Kind.REPOSITORY_NOT_FOUND


class RuntimeMissingError(RefusedError):
    """The target has no runtime that fits.

    Attributes:
        offer: The one that could be installed below the deploy directory, such as "Node 22"; "" when none could.
    """

    kind = Kind.RUNTIME_VERSION_UNAVAILABLE
    offer: str

    def __init__(self, message: str, *, kind: Kind, offer: str, suggestions: tuple[Suggestion, ...] = ()) -> None:
        ours = suggest(f"Or let {offer} be installed below the deploy directory, for this app alone", "installRuntimes")
        super().__init__(message, kind=kind, suggestions=(*suggestions, ours) if offer else suggestions)
        self.offer = offer


class ConnectionFailedError(AutoDeployerError):
    kind = Kind.CONNECTION_FAILED
    code = 1005
    retryable = True


class AuthenticationFailedError(AutoDeployerError):
    kind = Kind.AUTHENTICATION_FAILED
    code = 1006


class InvalidStateError(AutoDeployerError):
    kind = Kind.INVALID_STATE
    code = 1007


class TargetLockedError(AutoDeployerError):
    kind = Kind.TARGET_LOCKED
    code = 1008
    retryable = True


class LogError(AutoDeployerError):
    kind = Kind.LOG_UNWRITABLE
    code = -32603


class AppError(AutoDeployerError):
    kind = Kind.APP_NOT_RUNNING
    code = 1007


class ModelError(AutoDeployerError):
    kind = Kind.MODEL_UNAVAILABLE
    code = 1005
    retryable = True


class SettingsError(AutoDeployerError):
    kind = Kind.SETTINGS_INVALID
    code = -32602
