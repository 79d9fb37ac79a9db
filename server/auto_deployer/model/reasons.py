"""Why something ended the way it did: the closed list of kinds, each named here and nowhere else."""

from __future__ import annotations

from enum import StrEnum

from .base import Model
from .suggestions import Suggestion


class Kind(StrEnum):
    """Stable names of reasons; part of the wire, the log and the CLI's JSON."""

    # requests
    INVALID_REQUEST = "invalid_request"
    NOT_FOUND = "not_found"
    NOT_TRUSTED = "not_trusted"
    INVALID_STATE = "invalid_state"
    TARGET_LOCKED = "target_locked"
    DEPLOY_DIR_NOT_OURS = "deploy_dir_not_ours"
    INTERNAL_ERROR = "internal_error"
    # source
    INVALID_REPOSITORY_URL = "invalid_repository_url"
    REPOSITORY_NOT_FOUND = "repository_not_found"
    REPOSITORY_TOO_LARGE = "repository_too_large"
    REPOSITORY_TIMEOUT = "repository_timeout"
    GIT_REF_NOT_FOUND = "git_ref_not_found"
    SUBDIR_NOT_FOUND = "subdir_not_found"
    EMPTY_REPOSITORY = "empty_repository"
    CONNECTION_FAILED = "connection_failed"
    AUTHENTICATION_FAILED = "authentication_failed"
    # planning
    MANIFEST_UNREADABLE = "manifest_unreadable"
    NO_START_COMMAND = "no_start_command"
    LIBRARY_NOTHING_TO_RUN = "library_nothing_to_run"
    NO_RUNNABLE_AT_ROOT = "no_runnable_at_root"
    UNSUPPORTED_ECOSYSTEM = "unsupported_ecosystem"
    MISSING_TOOL = "missing_tool"
    RUNTIME_VERSION_UNAVAILABLE = "runtime_version_unavailable"
    DOCKER_ENGINE_MISSING = "docker_engine_missing"
    REQUIRED_SERVICE_MISSING = "required_service_missing"
    REQUIRED_ENV_MISSING = "required_env_missing"
    PLANNER_UNAVAILABLE = "planner_unavailable"
    PLAN_INVALID = "plan_invalid"
    SHELL_NOT_SUPPORTED = "shell_not_supported"
    PLAN_REJECTED = "plan_rejected"
    # commands and steps
    COMMAND_FAILED = "command_failed"
    COMMAND_TIMED_OUT = "command_timed_out"
    WAITING_FOR_INPUT = "waiting_for_input"
    CHECK_FAILED = "check_failed"
    DEPENDENCY_SOURCE_UNREACHABLE = "dependency_source_unreachable"
    BUILD_NEEDS_NETWORK = "build_needs_network"
    BUDGET_EXCEEDED = "budget_exceeded"
    POLICY_DENIED = "policy_denied"
    STUCK_IN_LOOP = "stuck_in_loop"
    STEP_SKIPPED = "step_skipped"
    DEPENDENCY_NOT_SATISFIED = "dependency_not_satisfied"
    # the model
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_REPLY_INVALID = "model_reply_invalid"
    # settings and keys
    SETTINGS_INVALID = "settings_invalid"
    # the app
    PROCESS_EXITED_NO_PORT = "process_exited_no_port"
    PROCESS_EXITED = "process_exited"
    NO_LISTENING_PORT = "no_listening_port"
    PORT_IN_USE = "port_in_use"
    HEALTH_CHECK_FAILED = "health_check_failed"
    APP_NOT_RUNNING = "app_not_running"
    # endings
    CANCELLED_BY_USER = "cancelled_by_user"
    ABORTED_BY_USER = "aborted_by_user"
    SERVER_SHUTDOWN = "server_shutdown"
    PROCESS_DIED = "process_died"
    # the log
    LOG_UNWRITABLE = "log_unwritable"
    LOG_WRITE_FAILED = "log_write_failed"
    LOG_UNREADABLE = "log_unreadable"


REFUSALS = frozenset({
    Kind.INVALID_REPOSITORY_URL, Kind.REPOSITORY_NOT_FOUND, Kind.REPOSITORY_TOO_LARGE, Kind.REPOSITORY_TIMEOUT,
    Kind.GIT_REF_NOT_FOUND, Kind.SUBDIR_NOT_FOUND, Kind.EMPTY_REPOSITORY, Kind.MANIFEST_UNREADABLE, Kind.NO_START_COMMAND,
    Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT, Kind.UNSUPPORTED_ECOSYSTEM, Kind.MISSING_TOOL,
    Kind.RUNTIME_VERSION_UNAVAILABLE, Kind.DOCKER_ENGINE_MISSING, Kind.REQUIRED_SERVICE_MISSING, Kind.REQUIRED_ENV_MISSING,
    Kind.PLANNER_UNAVAILABLE, Kind.PLAN_INVALID, Kind.SHELL_NOT_SUPPORTED,
})  # fmt: skip
"""Kinds that mean "cannot plan": nothing was installed (CLI exit code 3)."""


class Reason(Model):
    """Why a deployment or step did not succeed: what happened, what was looked at, what to do next."""

    kind: Kind
    message: str
    suggestions: tuple[Suggestion, ...] = ()
