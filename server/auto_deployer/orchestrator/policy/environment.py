"""Variables whose value programs run, load, or look for commands in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .calls import Call
from .findings import Finding, ask
from .marks import is_computed
from .places import Places

_RUN_BY_PROGRAMS = frozenset({
    "BASH_ENV", "ENV", "PROMPT_COMMAND", "PS4", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "LESSOPEN",
    "LESSCLOSE", "SSH_ASKPASS", "SUDO_ASKPASS", "BROWSER", "RSYNC_RSH", "TAR_OPTIONS", "npm_config_script_shell",
    "NPM_CONFIG_SCRIPT_SHELL", "FCEDIT", "SYSTEMD_EDITOR", "SUDO_EDITOR", "SYSTEMD_PAGER", "PSQL_PAGER", "PSQL_EDITOR",
    "AWS_PAGER", "BAT_PAGER", "DELTA_PAGER", "MAKESHELL", "SHELL", "CONFIG_SHELL", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WRAPPER", "RUSTC", "CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER", "DOCKER_SSH_COMMAND",
    "SVN_SSH", "CVS_RSH", "HGEDITOR", "KUBE_EDITOR", "GH_PAGER", "GH_BROWSER", "GH_EDITOR", "FZF_DEFAULT_COMMAND", "LESSEDIT",
    "MAILER", "TERMINAL", "XARGS_SHELL", "PARALLEL_SHELL", "JAVA_COMPILER", "ACLOCAL", "YARN_SCRIPT_SHELL",
})  # fmt: skip
"""Variables whose value programs run as a command."""
_LOADED_BY_PROGRAMS = frozenset({
    "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "DYLD_FORCE_FLAT_NAMESPACE", "BASH_ENV", "PYTHONSTARTUP", "PERL5OPT",
    "PERL5DB", "PERLIO_DEBUG", "PYTHONBREAKPOINT", "PYTHONHOME", "PYTHONINSPECT", "PYTHONUSERBASE", "PYTHONPLATLIBDIR",
    "PYTHONEXECUTABLE", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR", "LUA_INIT",
    "RIPGREP_CONFIG_PATH", "ZDOTDIR", "INPUTRC", "ACKRC", "VIMINIT", "EXINIT", "NVIM_APPNAME", "MYVIMRC", "CURL_HOME",
    "WGETRC", "PIP_CONFIG_FILE", "MAKEFILES", "NODE_REPL_EXTERNAL_MODULE", "JULIA_LOAD_PATH", "PHP_INI_SCAN_DIR", "PHPRC",
    "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "GCONV_PATH", "LOCPATH", "NLSPATH", "GTK_MODULES", "QT_PLUGIN_PATH",
    "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG", "NPM_CONFIG_NODE_OPTIONS", "npm_config_node_options",
    "npm_config_userconfig", "npm_config_globalconfig", "YARN_RC_FILENAME", "YARN_PLUGINS", "BUNDLE_CONFIG", "GEMRC",
    "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "R_ENVIRON_USER", "AWKPATH", "AWKLIBPATH", "SQLITE_HISTORY", "PSQLRC",
    "MYSQL_HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "COMPOSE_FILE", "KUBECONFIG", "SSH_CONFIG", "HOSTALIASES",
    "ANSIBLE_CONFIG", "TERMINFO", "CARGO_HOME", "RUSTUP_TOOLCHAIN", "GOROOT", "GOENV", "GOTOOLDIR", "MAVEN_CONFIG",
    "GRADLE_USER_HOME", "JAVA_HOME", "LD_DEBUG_OUTPUT", "MALLOC_CHECK_", "GDBHISTFILE", "PYTEST_PLUGINS", "PYTEST_ADDOPTS",
    "FLASK_APP", "DJANGO_SETTINGS_MODULE", "WATCHMAN_SOCK", "ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ELIXIR_ERL_OPTIONS",
    "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "CORECLR_PROFILER", "CORECLR_PROFILER_PATH", "MSBuildExtensionsPath",
    "DIRENV_CONFIG", "BUN_CONFIG_PRELOAD", "GUNICORN_CONF", "UV_CONFIG_FILE", "POETRY_CONFIG_DIR", "MIX_HOME", "OPAMROOT",
})  # fmt: skip
"""Variables whose value names code, or settings that name code, which programs load."""
_PROJECT_S = frozenset({
    "FLASK_APP", "DJANGO_SETTINGS_MODULE", "COMPOSE_FILE", "JAVA_HOME", "CARGO_HOME", "GRADLE_USER_HOME", "GOROOT",
    "PYTEST_ADDOPTS", "MAVEN_CONFIG", "KUBECONFIG", "RUSTUP_TOOLCHAIN", "MIX_HOME", "DOCKER_HOST", "DOCKER_CONFIG",
    "DOCKER_CONTEXT", "SHELL", "PYTHONUSERBASE", "UV_CONFIG_FILE", "PHP_INI_SCAN_DIR", "BROWSER", "OPENSSL_CONF",
})  # fmt: skip
"""Those of them that usual deployments set, too: what they name counts."""
_FOLDERS = frozenset({
    "PYTHONPATH", "NODE_PATH", "PERL5LIB", "PERLLIB", "RUBYLIB", "CLASSPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "LUA_PATH", "LUA_CPATH", "GEM_PATH", "GEM_HOME", "GOPATH", "GOBIN", "CMAKE_PREFIX_PATH", "CMAKE_MODULE_PATH",
    "PKG_CONFIG_PATH", "COMPILER_PATH", "LIBRARY_PATH", "R_LIBS", "R_LIBS_USER",
})  # fmt: skip
"""Folders that code is loaded from."""
JUDGED = _RUN_BY_PROGRAMS | _LOADED_BY_PROGRAMS | _FOLDERS | {
    "GIT_WORK_TREE", "PATH", "NODE_OPTIONS", "MAKEFLAGS", "GNUMAKEFLAGS", "MFLAGS", "GOFLAGS", "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "MAVEN_OPTS", "MAVEN_ARGS", "GRADLE_OPTS", "RUBYOPT", "BUN_OPTIONS",
    "RUSTFLAGS", "CGO_CFLAGS", "CGO_LDFLAGS", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG", "PIP_INDEX_URL", "LESS",
    "RSYNC_OLD_ARGS", "CDPATH", "HOME", "BASH_ALIASES", "BASH_CMDS", "IFS", "GUNICORN_CMD_ARGS", "UV_INDEX_URL",
    "npm_config_registry",
}  # fmt: skip
"""Variables that `findings_on` has something to say about."""
_FAMILIES = re.compile(
    r"GIT_CONFIG_(?:KEY|VALUE)_\d+|BASH_FUNC_.*|(?:CARGO_)?TARGET_\w+_(?:RUNNER|LINKER)|CARGO_TARGET_\w+|(?i:npm_config_)\w*(?:shell|editor|viewer|git|pager|options|prefix)|"
    r"PYTHON\w*HOOK|COR_\w+|CORECLR_\w+|LD_(?!LIBRARY_PATH|RUN_PATH)\w+"
)
_LOADING_OPTION = re.compile(
    r"(?:NODE_OPTIONS|BUN_OPTIONS)=.*(?:--require|--import|--loader|--experimental-loader|--preload|-r[ =]|--inspect)|"
    r"(?:MAKEFLAGS|GNUMAKEFLAGS|MFLAGS)=.*(?:--eval|-E|-f|SHELL|-C|-I)|GOFLAGS=.*-(?:toolexec|exec|vettool|overlay|modfile)|RUBYOPT=.*-[rIe]|"
    r"(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|JAVA_OPTS|MAVEN_OPTS|MAVEN_ARGS|GRADLE_OPTS)=.*"
    r"(?:-javaagent|-agent|-Xbootclasspath|-XX:On|-XX:Flags|@|-cp|-Dexec|-Djava\.ext|-Dmaven\.ext|-I |--init-script)|"
    r"RUSTFLAGS=.*(?:linker|-Z)|CGO_\w+=.*(?:plugin|-B|wrapper)|GUNICORN_CMD_ARGS=.*(?:-c|--config)"
)
_PROJECT_TOOLS = frozenset({"node_modules/.bin", "./node_modules/.bin", ".venv/bin", "venv/bin", "vendor/bin", "bin"})
"""Relative folders of commands that projects commonly have on their path."""
_MODEL_S_TOO = re.compile(
    r"(?:GIT|LD|DYLD|BASH|PYTHON|PERL|RUBY|NODE|PIP|NPM_CONFIG|npm_config|UV|POETRY|YARN|BUN|CARGO|RUST|GO|CGO|MAVEN|GRADLE|JAVA|_JAVA|JDK|"
    r"MAKE|DOCKER|COMPOSE|LESS|SSH|SUDO|XDG|LUA|PHP|COMPOSER|BUNDLE|GEM|DOTNET|ERL|ELIXIR|MIX|KUBE|ANSIBLE|CMAKE|GDB|R)(?:_\w*|[A-Z]+)?|"
    r"\w*(?:PAGER|EDITOR|ASKPASS|SHELL|_OPTIONS|_OPTS|FLAGS|_RC|RC|WRAPPER|LAUNCHER|PRELOAD)|CC|CXX|LD|AR|AS|ENV|IFS|PS4|BROWSER|PROXY\w*"
)
"""Families of variables that steer programs: set by a model, those that are not known are asked about."""
_KNOWN = frozenset({
    "NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "NODE_NO_WARNINGS", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH",
    "PYTHONIOENCODING", "PYTHONUTF8", "PIP_NO_INPUT", "PIP_NO_CACHE_DIR", "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_DEFAULT_TIMEOUT", "PIP_PREFER_BINARY", "GOFLAGS", "GOOS", "GOARCH", "GO111MODULE", "GOPATH", "GOCACHE",
    "GOTOOLCHAIN", "CGO_ENABLED", "GOPROXY", "CARGO_NET_RETRY", "CARGO_NET_GIT_FETCH_WITH_CLI", "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL", "RUST_BACKTRACE", "RUST_LOG", "JAVA_HOME", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "MAVEN_OPTS",
    "GRADLE_OPTS", "RAILS_ENV", "RACK_ENV", "BUNDLE_PATH", "BUNDLE_WITHOUT", "BUNDLE_JOBS", "GEM_HOME",
    "COMPOSER_ALLOW_SUPERUSER", "COMPOSER_MEMORY_LIMIT", "COMPOSER_NO_INTERACTION", "DOTNET_CLI_TELEMETRY_OPTOUT",
    "DOTNET_NOLOGO", "MIX_ENV", "GIT_TERMINAL_PROMPT", "GIT_LFS_SKIP_SMUDGE", "DOCKER_BUILDKIT", "COMPOSE_DOCKER_CLI_BUILD",
    "COMPOSE_PROJECT_NAME", "UV_LINK_MODE", "UV_PYTHON", "POETRY_VIRTUALENVS_IN_PROJECT", "POETRY_VIRTUALENVS_CREATE",
    "YARN_ENABLE_IMMUTABLE_INSTALLS", "YARN_IGNORE_PATH", "R_HOME", "CMAKE_BUILD_TYPE", "MAKEFLAGS", "CFLAGS", "CXXFLAGS",
    "CPPFLAGS", "LDFLAGS", "PHP_CLI_SERVER_WORKERS", "NODE_EXTRA_CA_CERTS", "GOOGLE_CLOUD_PROJECT", "REACT_APP_API_URL",
    "REDIS_URL", "RELEASE",
})  # fmt: skip
"""Those of them that are known: their value is looked at where it may do harm."""


def is_judged(name: str, *, model_s: bool = False) -> bool:
    """Whether something may speak against setting the variable."""
    return name in JUDGED or _FAMILIES.fullmatch(name) is not None or (model_s and _is_unknown(name))


def _is_unknown(name: str) -> bool:
    return name not in _KNOWN and name not in JUDGED and _MODEL_S_TOO.fullmatch(name) is not None


def steers(name: str) -> bool:
    """Whether programs commonly run or load what a variable of this name says."""
    return name in JUDGED or _MODEL_S_TOO.fullmatch(name) is not None


def findings_on(name: str, value: str, call: Call) -> Iterator[Finding]:
    """Findings on a variable's value.

    Args:
        call: The assignment `NAME=VALUE` as the only word of a command, where it stands.
    """
    yield from _redefining(name, value, call)
    loads = (name in _LOADED_BY_PROGRAMS and (name not in _PROJECT_S or _names_outside(value, call))) or _FAMILIES.fullmatch(name)
    if loads and value:
        yield ask("hidden-code", f"Programs load the code that {name} names.")
    if _LOADING_OPTION.search(f"{name}={value}"):
        yield ask("hidden-code", f"{name} has the program run or load more code.")
    if name in _FOLDERS and any(_is_outside(folder, call) for folder in value.split(":")):
        yield ask("hidden-code", f"With {name}, programs load code that is not the project's.")
    if name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG") and value not in ("", "/dev/null"):
        yield ask("hidden-code", f"{name} gives git settings, which may run programs.")
    if name in _RUN_BY_PROGRAMS and value not in _HARMLESS_PROGRAMS:
        yield from call.runs_code(value)
        if name not in _PROJECT_S:
            yield ask("hidden-code", f"Programs run the value of {name}.")
    if call.judge.doubts and _is_unknown(name):
        yield ask("not-known", f"What programs do with the variable {name} is not known.")


def _redefining(name: str, value: str, call: Call) -> Iterator[Finding]:
    """Findings on what gives words another meaning, or sends git elsewhere."""
    if name in ("BASH_ALIASES", "BASH_CMDS"):
        yield ask("redefined", f"{name} gives words another meaning.")
        yield from call.runs_code(value)
    if name == "GIT_WORK_TREE":
        yield from call.writes(value)
    if name == "PATH" and any(_is_foreign(folder, call.places) for folder in value.split(":")):
        yield ask("redefined", "Commands would be looked for in a folder that anything may be written to.")


_HARMLESS_PROGRAMS = frozenset({
    "", "cat", "less", "more", "true", "/bin/true", ":", "false", "/bin/false", "echo", "none", "/bin/sh", "/bin/bash",
    "bash", "sh", "ssh",
})  # fmt: skip


def _names_outside(value: str, call: Call) -> bool:
    return is_computed(value) or ("/" in value and _is_outside(value, call))


def _is_outside(folder: str, call: Call) -> bool:
    """Whether a folder or file is neither the project's nor the system's."""
    text = folder.strip("'\"")
    if not text or is_computed(text):
        return False
    return any(call.places.is_outside(spot.path) and not spot.path.startswith(("/lib", "/etc")) for spot in call.spots(text))


def _is_foreign(folder: str, places: Places) -> bool:
    """Whether a folder of `PATH` is where the script runs, or a scratch folder."""
    if folder.startswith("/"):
        return places.is_scratch(folder)
    return not is_computed(folder) and folder not in _PROJECT_TOOLS
