"""Programs that delete, write, link, copy or change files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .. import opaque
from ..calls import Call, Options, options
from ..findings import Finding, ask, deny
from ..marks import GLOB, LOOSE, UNKNOWN, is_computed


def _rm(call: Call) -> Iterator[Finding]:
    given = options(call.args)
    recursive = given.has("rR", "recursive") or any(is_computed(word) for word in given.operands)
    for word in given.operands:
        yield from call.deletes(word) if recursive else call.unlinks(word)
    if given.has("", "no-preserve-root"):
        yield deny("recursive-delete", "--no-preserve-root is for deleting /.")


def _changes_all(call: Call) -> Iterator[Finding]:
    """Programs all of whose operands are changed."""
    given = options(call.args, "mrsdtoZ", ("--mode", "--size", "--reference", "--date"))
    replaces = call.name in ("tee", "sponge") and not given.has("a", "append")
    for word in given.operands:
        yield from call.overwrites(word) if replaces else call.writes(word)


def _removes_all(call: Call) -> Iterator[Finding]:
    """Programs that take away what all of their operands hold."""
    for word in options(call.args, "snru", ("--size", "--reference", "--iterations")).operands:
        yield from call.unlinks(word)
        yield from call.writes(word)


def _chmod(call: Call) -> Iterator[Finding]:
    given = options(tuple(word for word in call.args if not _is_mode(word)), "", ("--reference", "--from"))
    mode = next((word for word in call.args if _is_mode(word)), "")
    operands = given.operands[1:] if call.name != "chmod" else given.operands
    if given.has("R", "recursive"):
        for word in operands:
            yield from _recursive_outside(call, word)
        yield ask("recursive-permissions", f"{call.name} -R changes who may read and write everything below.")
    if call.name == "chmod" and _sets_id(mode):
        yield ask("set-id", "A program that runs with the rights of its owner.")
    for word in operands:
        yield from call.writes(word)


def _recursive_outside(call: Call, word: str) -> Iterator[Finding]:
    for spot in call.spots(word):
        found = call.places.delete(spot)
        if found is not None and found.verdict == "deny" and spot.base != call.places.deploy_dir:
            yield deny("recursive-permissions", f"Everything below {spot.base} would change its owner or mode.")


def _is_mode(word: str) -> bool:
    return word.isdigit() or (word[:1] in "ugoa+-=" and len(word) > 1 and all(char in "ugoa+-=rwxXst," for char in word))


def _sets_id(mode: str) -> bool:
    return "s" in mode or (mode.isdigit() and len(mode) >= 4 and mode[-4] in "2467")


def _destination(given: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(sources, targets) of cp, mv, ln, install."""
    into = given.values_of("-t", "--target-directory")
    if into:
        return given.operands, tuple(into)
    return given.operands[:-1], given.operands[-1:]


def _cp(call: Call) -> Iterator[Finding]:
    given = options(call.args, "tSmog", ("--target-directory", "--suffix", "--mode", "--owner", "--group"))
    sources, targets = _destination(given)
    if call.name == "install" and given.has("d", "directory"):
        sources, targets = (), given.operands
    for word in targets:
        yield from call.overwrites(word) if sources else call.writes(word)
        for source in sources:  # into a folder: what is written is the file in it
            yield from _only_denials(call, f"{word}/{source.rpartition('/')[2]}")
    if given.has("rRa", "recursive", "archive"):
        for word in sources:
            yield from call.reads_all(word)


def _only_denials(call: Call, word: str) -> Iterator[Finding]:
    return (found for found in call.writes(word) if found.verdict == "deny")


def _mv(call: Call) -> Iterator[Finding]:
    yield from _cp(call)
    for word in _destination(options(call.args, "tS", ("--target-directory", "--suffix")))[0]:
        yield from (found for found in call.deletes(word) if found.verdict == "deny" and _moves_much(call, word))
        yield from call.unlinks(word)


def _moves_much(call: Call, word: str) -> bool:
    """Whether a folder that others live in goes away, not one file of the user's."""
    roots = ("/", call.places.home, call.places.deploy_dir)
    return any(
        spot.base.count("/") < 2 or spot.base in roots or call.places.home.startswith(f"{spot.base}/") for spot in call.spots(word)
    )


def _ln(call: Call) -> Iterator[Finding]:
    given = options(call.args, "tS", ("--target-directory", "--suffix"))
    sources, targets = _destination(given)
    if not sources and targets:
        sources, targets = targets, (".",)
    for word in targets:
        yield from call.overwrites(word)
    folder = targets[0].rpartition("/")[0] if targets else ""
    for word in sources:
        relative = given.has("s", "symbolic") and not word.startswith("/")
        lead = f"{folder}/{word}" if relative and folder else word
        for finding in call.writes(lead):
            leads_out = ask("link-out", f"A link to {word}: what is done to it is done outside of the deploy directory.")
            yield finding if finding.verdict == "deny" else leads_out


def _find(call: Call) -> Iterator[Finding]:
    roots, args = _find_roots(call.args)
    everything = [f"{root}/{GLOB}*" for root in roots] if any(word in _FIND_TESTS for word in args) else roots
    if LOOSE in args:
        yield ask("computed-target", "What find does is only known when it runs.")
    for index, word in enumerate(args):
        if word == "-delete":
            for root in everything:
                yield from call.deletes(root)
        elif word in ("-fprint", "-fprint0", "-fls", "-fprintf"):
            yield from (found for target in args[index + 1 : index + 2] for found in call.writes(target))
        elif word in ("-exec", "-execdir", "-ok", "-okdir"):
            end = next((at for at in range(index + 1, len(args)) if args[at] in (";", "+")), len(args))
            where = _in_folders(call, roots) if word.endswith("dir") else call
            yield from _runs_for_each(where, args[index + 1 : end], roots, everything)


def _find_roots(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """Where find begins, and its expression."""
    words = [word for word in args if word not in ("-H", "-L", "-P")]
    count = next((index for index, word in enumerate(words) if word.startswith(("-", "(", "!"))), len(words))
    return words[:count] or ["."], words[count:]


_FIND_TESTS = frozenset({
    "-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-mtime", "-mmin", "-atime", "-amin", "-ctime",
    "-newer", "-size",
    "-empty", "-type", "-perm", "-user", "-group", "-mindepth", "-lname", "-xtype",
})  # fmt: skip


def _in_folders(call: Call, roots: Sequence[str]) -> Call:
    """The same, run in the folder of each file that is found."""
    spots = [spot for root in roots for spot in call.spots(root)]
    return replace(call, cwds=tuple(dict.fromkeys(UNKNOWN if spot.below else spot.path for spot in spots)))


def _runs_for_each(call: Call, words: list[str], roots: list[str], found: list[str]) -> Iterator[Finding]:
    for target in found:
        yield from call.runs([word.replace("{}", target) for word in words])
    if words and words[0].rpartition("/")[2] in _READERS:
        for root in roots:
            yield from call.reads_all(root)


_READERS = frozenset(
    {"cat", "cp", "tar", "head", "tail", "base64", "xxd", "od", "strings", "grep", "curl", "scp", "rsync", "zip", "less", "more"}
)


_TAR_VALUED = (
    "--file", "--directory", "--files-from", "--exclude", "--use-compress-program", "--to-command", "--checkpoint-action",
    "--rsh-command",
    "--info-script", "--new-volume-script", "--index-file", "--exclude-from", "--transform", "--strip-components",
)  # fmt: skip
_TAR_RUNS = ("-I", "-F", "--use-compress-program", "--to-command", "--rsh-command", "--info-script", "--new-volume-script")
_COMPRESSORS = ("gzip", "pigz", "xz", "zstd", "bzip2", "lz4", "zstdmt", "lzma")


def _tar(call: Call) -> Iterator[Finding]:
    args = call.args
    if args and not args[0].startswith("-") and args[0].isalpha():
        args = ("-" + args[0], *args[1:])
    given = options(args, "fCTXIbgKNVF", _TAR_VALUED)
    yield from _tar_runs(call, given)
    if given.has("x", "extract", "get"):
        for folder in given.values_of("-C", "--directory") or ["."]:
            yield from call.overwrites(folder)
        if given.has("P", "absolute-names"):
            yield ask("outside-deploy-dir", "Absolute names of the archive are kept.")
    if given.has("cru", "create", "append", "update"):
        for archive in given.values_of("-f", "--file"):
            yield from call.writes(archive) if archive != "-" else ()
        for word in (*given.operands, *given.values_of("-C", "--directory")):
            yield from call.reads_all(word)
    if "remove-files" in given.long:
        yield from (found for word in given.operands for found in call.deletes(word))


def _tar_runs(call: Call, given: Options) -> Iterator[Finding]:
    """Commands that tar is told to run."""
    for code in given.values_of(*_TAR_RUNS):
        yield from call.runs_code(code)
        if code.split(" ")[0] not in _COMPRESSORS:
            yield ask("hidden-code", f"tar runs {code.split(' ')[0]!r}.")
    for action in given.values_of("--checkpoint-action"):
        if "exec" in action or is_computed(action):
            yield from call.runs_code(action.partition("=")[2].strip("'\""))
            yield ask("hidden-code", "tar runs a command at its checkpoints.")


def _reads_all(letters: str, *names: str) -> Callable[[Call], Iterator[Finding]]:
    """Programs that read all below when told to."""

    def rule(call: Call) -> Iterator[Finding]:
        given = options(call.args, "efmABCgt", ("--include", "--exclude", "--exclude-dir"))
        if not letters or given.has(letters, *names):
            for word in given.operands:
                yield from call.reads_all(word)

    return rule


def _zip(call: Call) -> Iterator[Finding]:
    given = options(call.args, "xi")
    if "TT" in "".join(call.args) or any(name.startswith("unzip-command") for name in given.long):
        yield ask("hidden-code", "zip runs a command to test the archive.")
    for word in given.operands[:1]:
        yield from call.writes(word)
    if given.has("r", "recurse-paths"):
        for word in given.operands[1:]:
            yield from call.reads_all(word)


def _unzip(call: Call) -> Iterator[Finding]:
    given = options(call.args, "dx")
    for folder in given.values_of("-d") or ["."]:
        yield from call.overwrites(folder) if not given.has("lptvZ") else ()


def _rsync(call: Call) -> Iterator[Finding]:
    given = options(
        call.args, "efTBM", ("--rsh", "--rsync-path", "--exclude", "--include", "--filter", "--log-file", "--files-from")
    )
    for code in given.values_of("-e", "--rsh", "--rsync-path"):
        yield from call.runs_code(code)
    target = given.operands[-1:] if len(given.operands) > 1 else ()
    for word in target:
        if ":" in word.partition("/")[0]:
            yield ask("other-machine", "rsync copies to another machine.")
        else:
            yield from call.overwrites(word)
            if any(name.startswith("del") for name in given.long):
                yield from call.deletes(f"{word}/{GLOB}*")
    if any(name.startswith("remove-source") for name in given.long):
        for word in given.operands[:-1]:
            yield from call.deletes(word)
    for word in given.operands[:-1]:
        yield from call.reads_all(word)


def _dd(call: Call) -> Iterator[Finding]:
    for word in call.args:
        if word.startswith("of="):
            yield from call.overwrites(word[3:])
        elif is_computed(word):
            yield ask("computed-target", "What dd writes to is only known when it runs.")


def _output_option(valued: str, *names: str) -> Callable[[Call], Iterator[Finding]]:
    """Programs that write to the value of an option."""

    def rule(call: Call) -> Iterator[Finding]:
        for value in options(call.args, valued, names).values_of(*names):
            yield from call.overwrites(value)

    return rule


def _last_operand(call: Call) -> Iterator[Finding]:
    """Programs that write to their second operand, or to what they are told to."""
    given = options(call.args, "bClnd")
    for word in given.operands[1:]:
        yield from call.writes(word)


def _patch(call: Call) -> Iterator[Finding]:
    given = options(call.args, "dipoBDFrVYz", ("--directory", "--input", "--output", "--strip"))
    for word in (*given.operands[:1], *given.values_of("-d", "-o", "--directory", "--output")):
        yield from call.writes(word)


def _rimraf(call: Call) -> Iterator[Finding]:
    for word in options(call.args).operands:
        yield from call.deletes(word)


def _mount(_: Call) -> Iterator[Finding]:
    yield ask("mount", "Mounts change what paths mean.")


_REMOVERS = ("unlink", "shred", "trash", "truncate")
_CHANGERS = (
    "rmdir", "mkdir", "touch", "tee", "mkfifo", "mknod", "sponge", "chattr", "setfacl",
    "fallocate",
    "rename", "cpio",
)  # fmt: skip
_SECOND_IS_WRITTEN = ("split", "csplit", "uniq", "objcopy")
_SEARCHERS = ("rg", "ag", "ack")

RULES: dict[str, Callable[[Call], Iterator[Finding]]] = {
    **dict.fromkeys(_CHANGERS, _changes_all), **dict.fromkeys(_REMOVERS, _removes_all),
    **dict.fromkeys(_SECOND_IS_WRITTEN, _last_operand),
    **dict.fromkeys(("rm", "grm", "srm"), _rm), "rimraf": _rimraf, "del-cli": _rimraf,
    **dict.fromkeys(("chmod", "chown", "chgrp"), _chmod),
    **dict.fromkeys(("cp", "gcp", "install"), _cp), "mv": _mv, **dict.fromkeys(("ln", "link"), _ln), "find": _find,
    **dict.fromkeys(("tar", "gtar", "bsdtar"), _tar), "zip": _zip, "unzip": _unzip, "rsync": _rsync, "dd": _dd, "dcfldd": _dd,
    **dict.fromkeys(("sed", "gsed"), opaque.sed), "patch": _patch,
    **dict.fromkeys(("grep", "egrep", "fgrep"), _reads_all("rR", "recursive", "dereference-recursive")),
    **dict.fromkeys(_SEARCHERS, _reads_all("")),
    "sort": _output_option("oTtk", "-o", "--output"), "ssh-keygen": _output_option("fNCtbP", "-f"),
    "openssl": _output_option("", "-out", "-keyout"), "gpg": _output_option("o", "-o", "--output"),
    "mount": _mount, "umount": _mount,
}  # fmt: skip
