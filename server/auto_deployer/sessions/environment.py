"""The environment of child processes: an allow-list of ours plus settings that keep tools from asking, paging and animating.

An allow-list rather than a list of secrets to remove: a secret under a name nobody thought of never reaches a command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_NAMES = frozenset({
    # who and where
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP",
    # Windows: without these next to nothing starts there
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA",
    "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "COMMONPROGRAMFILES", "PSMODULEPATH", "OS",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    # proxies, in the two spellings that tools read
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    # certificate authorities
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NIX_SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "AWS_CA_BUNDLE", "CARGO_HTTP_CAINFO", "DENO_CERT", "DENO_TLS_CA_STORE",
    # where version managers live
    "NVM_DIR", "NVM_BIN", "FNM_DIR", "FNM_MULTISHELL_PATH", "VOLTA_HOME", "PYENV_ROOT", "PYENV_VERSION", "RBENV_ROOT",
    "RBENV_VERSION", "NODENV_ROOT", "NODENV_VERSION", "ASDF_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR", "MISE_CONFIG_DIR",
    "SDKMAN_DIR", "HOMEBREW_PREFIX", "HOMEBREW_CELLAR",
    # where toolchains live
    "PNPM_HOME", "COREPACK_HOME", "BUN_INSTALL", "DENO_DIR", "DENO_INSTALL", "YARN_CACHE_FOLDER", "CARGO_HOME", "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN", "GOPATH", "GOROOT", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOFLAGS", "GOCACHE", "GOMODCACHE",
    "GOTOOLCHAIN", "JAVA_HOME", "MAVEN_HOME", "M2_HOME", "GRADLE_HOME", "GRADLE_USER_HOME", "DOTNET_ROOT", "GEM_HOME",
    "GEM_PATH", "BUNDLE_PATH", "COMPOSER_HOME", "MIX_HOME", "HEX_HOME",
    # containers
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "CONTAINER_HOST",
})  # fmt: skip
_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "npm_config_", "NPM_CONFIG_")

_GIT_NAMES = frozenset({
    "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_PROXY_COMMAND",
    "DBUS_SESSION_BUS_ADDRESS",  # the desktop's keyring, for credential helpers
})  # fmt: skip
_GIT_PREFIXES = ("GIT_CONFIG_",)

_SETTINGS: Mapping[str, str] = {
    "CI": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "GIT_TERMINAL_PROMPT": "0",
    "COMPOSER_NO_INTERACTION": "1",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
    "PIP_NO_INPUT": "1",
    # no pagers
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    # no progress bars and adverts
    "PIP_PROGRESS_BAR": "off",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "UV_NO_PROGRESS": "1",
    "npm_config_progress": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
    "CARGO_TERM_PROGRESS_WHEN": "never",
    "BUILDKIT_PROGRESS": "plain",
    "DOTNET_NOLOGO": "1",
    "HOMEBREW_NO_AUTO_UPDATE": "1",
    # buffered output would look like silence to the idle time-out
    "PYTHONUNBUFFERED": "1",
}


def child_environment(extra: Mapping[str, str] | None = None, *, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command.

    Args:
        extra: Additions of the command itself; they win over everything else.
        base: What to choose from; default our own environment.
    """
    source = os.environ if base is None else base
    chosen = {name: value for name, value in source.items() if name in _NAMES or name.startswith(_PREFIXES)}
    return {**chosen, **_SETTINGS, **(extra or {})}


def git_environment(extra: Mapping[str, str] | None = None, *, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of our own git calls: git alone also gets the user's ssh agent, ssh command and injected configuration."""
    source = os.environ if base is None else base
    for_git = {name: value for name, value in source.items() if name in _GIT_NAMES or name.startswith(_GIT_PREFIXES)}
    return child_environment({**for_git, **(extra or {})}, base=base)
