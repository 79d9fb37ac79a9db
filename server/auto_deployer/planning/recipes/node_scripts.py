"""What a `package.json` script really runs: nested scripts are followed, development servers are told from production ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from ...sessions.shell_words import SimpleCommand, simple_commands

_MAX_DEPTH = 4
_MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_PREFIXES = frozenset({"npx", "bunx", "cross-env", "cross-env-shell", "dotenv", "dotenvx", "env-cmd"})
"""Programs whose operands are another command."""

_RUNNERS = frozenset({"concurrently", "npm-run-all", "npm-run-all2", "run-s", "run-p"})
"""Programs whose operands are scripts or whole commands."""

_DEV_PROGRAMS = frozenset({
    "nodemon", "ts-node-dev", "tsnd", "webpack-dev-server", "live-server", "browser-sync", "start-storybook", "budo", "lite-server",
    "docusaurus-start",
})  # fmt: skip
_DEV_VERBS: Mapping[str, frozenset[str]] = {
    "react-scripts": frozenset({"start"}), "craco": frozenset({"start"}), "react-app-rewired": frozenset({"start"}),
    "vue-cli-service": frozenset({"serve"}), "ng": frozenset({"serve", "s"}), "nx": frozenset({"serve"}),
    "turbo": frozenset({"dev"}), "vite": frozenset({"", "dev", "serve", "preview"}), "next": frozenset({"", "dev"}),
    "nuxt": frozenset({"", "dev", "preview"}),
    "nuxi": frozenset({"dev", "preview"}), "astro": frozenset({"dev", "preview"}), "remix": frozenset({"dev", "vite:dev"}),
    "react-router": frozenset({"dev"}), "nest": frozenset({"start"}), "gatsby": frozenset({"develop", "start"}),
    "docusaurus": frozenset({"start"}), "vitepress": frozenset({"dev", "preview"}), "vuepress": frozenset({"dev"}),
    "svelte-kit": frozenset({"dev"}), "parcel": frozenset({"", "serve", "watch"}), "webpack": frozenset({"serve", "watch"}),
    "gulp": frozenset({"", "serve", "watch", "dev"}), "snowpack": frozenset({"dev"}), "storybook": frozenset({"dev"}),
    "wrangler": frozenset({"dev"}), "netlify": frozenset({"dev"}), "vercel": frozenset({"dev"}), "tsx": frozenset({"watch"}),
    "ember": frozenset({"serve", "server", "s"}), "umi": frozenset({"dev"}), "max": frozenset({"dev"}),
    "preact": frozenset({"watch"}), "quasar": frozenset({"dev"}), "rsbuild": frozenset({"dev", "preview"}),
    "rspack": frozenset({"serve", "dev"}), "nitro": frozenset({"dev", "preview"}), "nitropack": frozenset({"dev", "preview"}),
    "ionic": frozenset({"serve"}), "slidev": frozenset({"", "dev"}), "gridsome": frozenset({"develop"}),
    "rspress": frozenset({"dev"}),
    "brunch": frozenset({"watch"}), "polymer": frozenset({"serve"}), "solid-start": frozenset({"dev"}), "blitz": frozenset({"dev"}),
    "razzle": frozenset({"start"}), "roadhog": frozenset({"dev", "server"}), "firebase": frozenset({"serve", "emulators:start"}),
    "serverless": frozenset({"offline"}), "sls": frozenset({"offline"}),
    "expo": frozenset({"start"}), "au": frozenset({"run"}), "vinxi": frozenset({"dev"}), "hexo": frozenset({"server", "s"}),
}  # fmt: skip
"""Program -> first operands with which it serves for development ("" for none)."""

_OTHER_SCREENS = frozenset({
    "electron", "electron-forge", "electron-vite", "electron-builder", "react-native", "tauri", "cordova", "nw", "neu", "tns", "ns",
})  # fmt: skip
_ENDING_VERBS = frozenset({"build", "export", "generate", "start"})
_BUILD_PROGRAMS = frozenset({
    "tsc", "postcss", "rollup", "sass", "node-sass", "lessc", "babel", "esbuild", "webpack", "tsup", "swc", "eslint", "prettier",
    "jest", "mocha", "stylelint", "bundlewatch", "cleancss", "terser", "uglifyjs", "mix", "shx",
    "rimraf", "rm", "mkdir", "cp", "cpx", "copyfiles", "echo", "cd", "true", "export",
})  # fmt: skip
"""Programs that end when their work is done."""

_WATCH_FLAGS = frozenset({"--watch", "--hot", "--serve"})
_SHORT_WATCHERS = frozenset({"tsc", "webpack", "rollup"})
"""Programs where `-w` means to watch."""

_ENV_FILE = re.compile(r"(?:^|\s)--env-file[= ]([\w./-]+)")
_BUILDS_FIRST = re.compile(r"^\s*(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?build\s*&&")

_INTERPRETERS = frozenset(
    {"node", "nodejs", "ts-node", "tsx", "nodemon", "ts-node-dev", "tsnd", "babel-node", "bun", "pm2", "pm2-runtime"}
)
_TAKES_VALUE = frozenset({
    "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "-P", "--project", "-a", "--address",
    "-w", "--watch-path", "-e", "--ext", "-i", "--ignore", "-x", "--exec", "-d", "--delay", "--config", "--signal",
    "-l", "--log-level",
})  # fmt: skip
_LOADING = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader", "-P", "--project", "--tsconfig"})
_LOADING_SWITCHES = frozenset({"--transpile-only", "-T", "--files", "--esm", "--swc", "--experimental-strip-types"})
_WITHOUT_WATCHING = {
    "nodemon": "node", "ts-node-dev": "npx ts-node", "tsnd": "npx ts-node", "tsx": "npx tsx", "node": "node",
    "pm2": "npx pm2-runtime start", "bun": "bun",
}  # fmt: skip
"""Program -> what runs the same entry in the foreground, once."""


def commands_of(script: str, scripts: Mapping[str, str]) -> list[SimpleCommand]:
    """All programs that a script runs, in order."""
    return list(_walk(script, scripts, depth=0))


def is_dev_server(script: str, scripts: Mapping[str, str]) -> bool:
    """Whether a script is no way to serve: it compiles as it goes, watches files, ignores PORT, or leaves the app to a daemon."""
    return any(_serves_for_development(command) for command in commands_of(script, scripts))


def is_no_web_app(script: str, scripts: Mapping[str, str]) -> bool:
    """Whether a script starts a window or a phone's app rather than a server."""
    return any(command.name in _OTHER_SCREENS for command in commands_of(script, scripts))


def only_builds(script: str, scripts: Mapping[str, str]) -> bool:
    """Whether all that a script runs ends by itself."""
    return all(command.name in _BUILD_PROGRAMS for command in commands_of(script, scripts))


def ends_by_itself(script: str, scripts: Mapping[str, str]) -> bool:
    """Whether what a script runs last, one after the other, ends: whatever came before has ended too."""
    last = commands_of(script, scripts)[-1:]
    one_by_one = re.search(r"\bconcurrently\b|--parallel|\brun-p\b|\s-p\s|(?<!&)&(?!&)", script) is None
    return one_by_one and all(command.name in _BUILD_PROGRAMS and not _serves_for_development(command) for command in last)


def without_watching(script: str, scripts: Mapping[str, str]) -> str:
    """The same server without its file watcher ("nodemon app.js" -> "node app.js"); "" when there is no simple such form."""
    commands = commands_of(script, scripts)
    program = _WITHOUT_WATCHING.get(commands[0].name) if len(commands) == 1 else None
    if program is None:
        return ""
    entry = _first_operand(commands[0])
    executor = _value_of(commands[0].args, "--exec", "-x")
    if executor and not entry and " " in executor and executor.split()[0] not in _MANAGERS:
        return executor if executor.startswith("node ") else f"npx {executor}"
    if commands[0].name == "nodemon" and entry.endswith(".ts"):
        program = "npx ts-node"
    words = [f"npx {executor}" if executor else program, *_kept_options(commands[0]), shlex.quote(entry)]
    return " ".join(words) if entry else ""


def env_files(script: str, scripts: Mapping[str, str]) -> tuple[str, ...]:
    """Files of variables that a script's interpreters insist on (`node --env-file=.env`)."""
    options = (_ENV_FILE.findall(" ".join(command.args)) for command in commands_of(script, scripts))
    return tuple(dict.fromkeys(name for names in options for name in names))


def built_before(script: str) -> str:
    """What follows in a script that begins with the build (`npm run build && node dist`); "" where it does not."""
    found = _BUILDS_FIRST.match(script)
    return script[found.end() :].strip() if found else ""


def entry_of(script: str, scripts: Mapping[str, str]) -> str:
    """The file a script has an interpreter run, as it is written there; "" when there is none."""
    entries = (_first_operand(command) for command in commands_of(script, scripts) if command.name in _INTERPRETERS)
    return next((entry for entry in reversed(list(entries)) if entry), "")


def _walk(script: str, scripts: Mapping[str, str], depth: int) -> Iterator[SimpleCommand]:
    for command in map(_behind_prefixes, simple_commands(script)):
        nested = _nested(command, scripts) if depth < _MAX_DEPTH else []
        for text in nested:
            yield from _walk(text, scripts, depth + 1)
        if not nested:
            yield command


def _behind_prefixes(command: SimpleCommand) -> SimpleCommand:
    while command.name in _PREFIXES:
        words = list(command.args)
        while words and (words[0].startswith("-") or "=" in words[0] or words[0] == "run"):
            words = words[2:] if words[0] in {"-e", "-f", "-p", "--package"} else words[1:]
        if not words:
            break
        command = SimpleCommand(words[0].rsplit("/", 1)[-1], tuple(words[1:]))
    return _behind_node(command)


def _behind_node(command: SimpleCommand) -> SimpleCommand:
    """`node node_modules/vite/bin/vite.js …` is Vite, whoever finds its file."""
    file = command.args[0] if command.name == "node" and command.args else ""
    name = file.rsplit("/", 1)[-1].removesuffix(".js")
    is_tool = "/bin/" in f"/{file}" or "/.bin/" in file
    return SimpleCommand(name, command.args[1:]) if is_tool and name in _DEV_VERBS.keys() | _DEV_PROGRAMS else command


def _nested(command: SimpleCommand, scripts: Mapping[str, str]) -> list[str]:
    """The scripts and commands that a command line starts in its turn."""
    if command.name in _RUNNERS:
        operands = [word for word in command.args if not word.startswith("-")]
        return [scripts.get(word.removeprefix("npm:"), word if " " in word else "") or "true" for word in operands]
    if command.name not in _MANAGERS:
        return []
    operands = [word for word in command.args if not word.startswith("-")]
    verb = operands[1] if operands[:1] in (["run"], ["run-script"]) and len(operands) > 1 else "".join(operands[:1])
    if operands[:1] in (["exec"], ["dlx"], ["x"]):
        return [shlex.join(operands[1:])]
    return [scripts[verb]] if verb in scripts else []


def _serves_for_development(command: SimpleCommand) -> bool:
    if command.name in _DEV_PROGRAMS or _WATCH_FLAGS.intersection(command.args):
        return True
    if command.name in _SHORT_WATCHERS and "-w" in command.args:
        return True
    verb = next((word for word in command.args if not word.startswith("-")), "")
    if command.name == "pm2" and verb == "start":
        return "--no-daemon" not in command.args
    verbs = _DEV_VERBS.get(command.name, frozenset())
    if command.args[:1] and not command.args[0].startswith("-"):
        return verb in verbs
    # behind options, a word may be a value: `vite --mode ssr` has no verb
    named = verbs.intersection(command.args)
    return bool(named) or ("" in verbs and _ENDING_VERBS.isdisjoint(command.args))


def _first_operand(command: SimpleCommand) -> str:
    """The file an interpreter is told to run."""
    # Node's own --watch is a switch, nodemon's names a folder.
    takes_value = _TAKES_VALUE | {"--watch"} if command.name == "nodemon" else _TAKES_VALUE
    skip = False
    for word in command.args:
        if skip or word in {"watch", "run", "start"} or word.startswith("-"):
            skip = not skip and word in takes_value
            continue
        return word
    return ""


def _kept_options(command: SimpleCommand) -> Iterator[str]:
    """The options before the entry that say how it is loaded, rather than how it is watched."""
    words = iter(command.args)
    for word in words:
        name, equals, _ = word.partition("=")
        if name in _LOADING and equals:
            yield shlex.quote(word)
        elif name in _LOADING:
            yield from (word, shlex.quote(next(words, "")))
        elif word in _LOADING_SWITCHES:
            yield word
        elif word in _TAKES_VALUE:
            next(words, "")
        elif not word.startswith("-") and word not in {"watch", "run", "start"}:
            return


def _value_of(args: Sequence[str], *names: str) -> str:
    return next((args[index + 1] for index, word in enumerate(args[:-1]) if word in names), "")
