"""A folder of files as the result of a recipe: served by our own web server, whatever made them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from ...model.errors import RefusedError
from ...model.plan import FileCheck
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest
from .. import static_server
from ..assemble import app_folder
from ..overrides import apply_overrides
from ..recipe import Draft
from ..reused_build import with_kept_build


def served_folder(
    given: PlanInput, draft: Draft, folder: str, *, spa: bool = False, made_with: Sequence[str] | None = None
) -> Draft:  # fmt: skip
    """The draft's install and build, and then its folder (relative to the app's) served; overrides applied.

    Args:
        made_with: versions of what builds, where the same content gives the same pages whenever it is built: then an earlier
            build is reused.

    Raises:
        RefusedError: the folder lies outside of the app, or the target has no Python to serve it with.
    """
    paths, root = given.paths, app_folder(given)
    folder = contained(folder if given.overrides.output_dir is None else given.overrides.output_dir)
    command = static_server.serve_command(paths, given.host, folder, spa=spa)
    app = static_server.site_app(given.app_name, command, given.repo.source.subdir)
    draft = apply_overrides(replace(draft, app=app, strategy="static"), given, cwd=root, prefix=draft.command_prefix)
    if made_with is not None and folder:
        output = posixpath.join(root, folder)
        draft = with_kept_build(draft, given, f"{output}/index.html", *made_with, outputs=(output,))
    return replace(
        draft,
        tools=(*draft.tools, static_server.python_program(given.host)),
        build=(*draft.build, static_server.write_program(paths)),
        build_checks=(FileCheck(path=posixpath.join(root, folder, "index.html")), static_server.written_check(paths)),
    )


def site_draft(given: PlanInput) -> Draft:
    """A draft to begin with: a site that nothing has to be installed or built for."""
    return Draft(strategy="static", app=static_server.site_app(given.app_name, "", given.repo.source.subdir))


def contained(folder: str) -> str:
    """The folder, normalised.

    Raises:
        RefusedError: `plan_invalid`, it is not inside the app.
    """
    normal = posixpath.normpath(folder or ".")
    if posixpath.isabs(normal) or normal.split("/")[0] == "..":
        raise RefusedError(
            f"The folder to serve, {folder}, lies outside of the app.",
            kind=Kind.PLAN_INVALID,
            suggestions=(suggest("Name a folder inside of it", "overrides.outputDir", "public"),),
        )
    return "" if normal == "." else normal
