"""What a deployment's commands wrote, copied or fetched, for when it is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from .calls import Call, options
from .downloads import downloaded, stores
from .findings import Finding, ask
from .streams import COMPUTED, FETCHED, FETCHERS, Stream

_TOOL_FOLDERS = frozenset({"node_modules", ".venv", "venv", ".bin", "site-packages", ".git", ".husky"})
"""Folders of a project whose files its tools run without being told to."""
_UNPACKERS = frozenset({"tar", "gtar", "bsdtar", "unzip", "cpio", "7z", "7za"})
_RUN_THE_PROJECT = frozenset({
    "make", "gmake", "npm", "pnpm", "yarn", "bun", "npx", "node", "deno", "gradle", "mvn", "ant", "cargo", "go", "rake", "bundle",
    "rails", "composer", "php", "cmake", "ninja", "meson", "just", "task", "tox", "nox", "hatch", "poetry", "uv", "pip", "pip3",
    "docker", "docker-compose", "podman", "dotnet", "mix", "rebar3", "stack", "cabal", "sbt", "lein", "bazel", "flask", "gunicorn",
    "uvicorn", "pytest", "ansible-playbook", "pre-commit",
})  # fmt: skip
"""Programs that run code of the folder that they are called in."""


class Written:
    """Files and folders, by what is in them.

    Attributes:
        files: Path -> what was written there.
        fetches: Something came from elsewhere, or may have.
        stores_fetched: It was put into files whose names are not all known.
    """

    def __init__(self, files: dict[str, Stream], *, by_model: bool = False) -> None:
        self.files, self._by_model = files, by_model
        self.looked_at = set[str]()
        """Files of which it is being judged what they run."""
        self.fetches = self.stores_fetched = False
        self._unpacked: list[str] = []
        """Folders that fetched archives and repositories went to."""

    def note(self, call: Call) -> Iterator[Finding]:
        """Note what a command writes; findings where it puts fetched files among the project's tools."""
        yield from self._runs_unpacked(call)
        self.fetches = self.fetches or call.name in FETCHERS
        if call.name in ("curl", "wget", "wget2", "aria2c", "scp"):
            words = tuple(downloaded(call))
            self._put(call, words, FETCHED)
            yield from self._among_tools(call, words) if stores(call) else ()
        elif call.name in ("cp", "mv", "install", "ln", "rsync") and len(call.args) > 1:
            self._copy(call, *call.args[-2:])
        elif call.name in ("tee", "sponge"):
            self._put(call, call.args, call.stdin if call.stdin.kind in ("text", "fetched") else COMPUTED)
        elif call.name in ("sed", "gsed", "perl", "ruby", "patch", "truncate"):
            self._change(call)
        if self._by_model:
            self._note_unseen(call)
        if (folder := self._unpacks_into(call)) is not None:
            self._unpacked += [spot.path for spot in call.spots(folder)]
            yield from self._among_tools(call, (folder,))

    def _note_unseen(self, call: Call) -> None:
        """Note what a model's command puts into files that nobody has looked at: from archives, patches and tables elsewhere."""
        targets = [word[3:] for word in call.args if call.name == "dd" and word.startswith("of=")]
        targets += [after for word, after in pairwise(call.args) if call.name == "find" and word.startswith(("-fprint", "-fls"))]
        self._put(call, targets, COMPUTED)
        applies = call.name == "git" and not {"apply", "am"}.isdisjoint(call.args)
        if call.name not in (*_UNPACKERS, "patch") and not applies:
            return
        spots = [spot for word in call.args if not word.startswith("-") for spot in call.spots(word)]
        if any(spot.path in self.files or call.places.is_outside(spot.path) for spot in spots):
            self._put(call, ["what was unpacked"], COMPUTED)

    def note_stored(self, call: Call) -> None:
        """Note that files were fetched, once the command itself was judged."""
        self.stores_fetched = self.stores_fetched or stores(call)

    def _put(self, call: Call, words: Iterable[str], content: Stream) -> None:
        for word in words:
            for spot in call.spots(word):
                self.files[spot.path] = content

    def _copy(self, call: Call, source: str, target: str) -> None:
        for spot in call.spots(source):
            if (content := self.files.get(spot.path)) is not None:
                self._put(call, [target, f"{target}/{source.rpartition('/')[2]}"], content)
            elif self._by_model and call.places.is_outside(spot.path) and not spot.path.startswith("/dev/"):
                self._put(call, [target, f"{target}/{source.rpartition('/')[2]}"], COMPUTED)

    def _change(self, call: Call) -> None:
        """A known text that is edited is known no more."""
        words = options(call.args).operands[1:] if call.name in ("sed", "gsed") and "-e" not in call.args else call.args
        for spot in (spot for word in words for spot in call.spots(word)):
            known = self.files.get(spot.path)
            if known != FETCHED and (known is not None or (self._by_model and _edits(call) and not spot.below)):
                self.files[spot.path] = COMPUTED

    def near(self, folders: Iterable[str]) -> Iterator[tuple[str, Stream]]:
        """Files written below the folders, or above them up to the root, which programs that are called there may run."""
        for path, content in list(self.files.items()):
            folder = path.rpartition("/")[0]
            if path not in self.looked_at and any(_is_in(path, each) or _is_in(each, folder) for each in folders):
                yield path, content

    def _unpacks_into(self, call: Call) -> str | None:
        """The folder that something fetched, whose files nobody knows, is put into."""
        if call.name == "git":
            words = [word for word in call.args if not word.startswith("-")]
            if not stores(call) or words[:1] != ["clone"]:
                return "." if stores(call) else None
            return words[2] if len(words) > 2 else words[-1].rstrip("/").rpartition("/")[2].removesuffix(".git")
        if call.name not in _UNPACKERS or not self._is_fed_fetched(call):
            return None
        given = options(call.args, "fCdT", ("--file", "--directory"))
        return next(iter(given.values_of("-C", "-d", "--directory")), ".")

    def _is_fed_fetched(self, call: Call) -> bool:
        known = (self.files.get(spot.path) for word in call.args for spot in call.spots(word))
        return call.stdin == FETCHED or FETCHED in known

    def _among_tools(self, call: Call, words: Iterable[str]) -> Iterator[Finding]:
        for word in words:
            if any(not _TOOL_FOLDERS.isdisjoint(spot.path.split("/")) for spot in call.spots(word)):
                yield ask("fetch-to-exec", f"{call.name} puts fetched files among the project's own tools, which are run unseen.")
                return

    def _runs_unpacked(self, call: Call) -> Iterator[Finding]:
        if call.name in _RUN_THE_PROJECT and any(_is_in(cwd, folder) for cwd in call.cwds for folder in self._unpacked):
            yield ask("fetch-to-exec", f"{call.name} may run what was just fetched into its folder.")


def _edits(call: Call) -> bool:
    """Whether it changes files where they are."""
    in_place = any(word.startswith(("-i", "--in-place", "-pi", "-ni", "-p -i")) for word in call.args)
    return call.name in ("patch", "truncate") or in_place


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
