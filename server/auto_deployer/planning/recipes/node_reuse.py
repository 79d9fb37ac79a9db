"""When the packages and the build of a Node project can be those of an earlier deployment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ...model.base import Model
from ...model.errors import RefusedError
from ...model.ports import RepoTree
from .node_frameworks import built_framework
from .node_manifest import FILE_NAME, Manifest, read_manifest
from .node_packages import PackageManager

_OWN_SCRIPTS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
"""Scripts of the project that an installation runs, in this order (npm's documentation, "Life Cycle Scripts")."""
_LOCAL = ("file:", "link:", "portal:", ".", "/", "~/")
"""How the range of a dependency begins that lies in the repository, and is no member of its workspace."""
_MAX_MEMBERS = 500
"""Of a workspace that are looked at; packages of a larger one are installed each time."""


_DATABASE_CLIENTS = (
    "pg", "postgres", "mysql", "mysql2", "mongodb", "mongoose", "@prisma/client", "drizzle-orm", "knex", "typeorm", "sequelize",
    "redis", "ioredis", "better-sqlite3", "sqlite3", "@libsql/client", "@supabase/supabase-js", "@planetscale/database",
)  # fmt: skip


_CONTENT_SOURCE = re.compile(
    r"contentful|gatsby-source-(?!filesystem).*|(next-)?sanity|@sanity/.+|@prismicio/.+|@storyblok/.+|storyblok-.*|@strapi/.+|@directus/.+|.*datocms.*"
    r"|@notionhq/client|notion-client|@octokit/.+|octokit|@11ty/eleventy-(fetch|cache-assets)|graphql-request|@apollo/client|@urql/core|rss-parser"
    r"|@wordpress/.+|@shopify/.+|@tryghost/.+|cloudinary|googleapis|airtable"
)
"""Packages with which a build fetches what it renders from a service."""
_SITE_GENERATORS = ("astro", "@11ty/eleventy", "gatsby", "hexo", "vitepress", "vuepress", "@docusaurus/core")


class ReuseFindings(Model):
    """What decides on it."""

    packages: bool = False
    """What `node_modules` hold is packages, and links to members of the workspace at most: none of the repository's own code."""
    members: bool = False
    """It is installed for all members of a workspace."""
    own_scripts: tuple[str, ...] = ()
    """The project's install scripts, which run for each release."""
    renders_data: bool = False
    """Its build may render pages from a database or another service: the same content is not the same pages tomorrow."""
    build_scripts: str = ""
    """Text of the scripts that the build runs."""


def reuse_findings(
    root: RepoTree, manifest: Manifest, manager: PackageManager, install_folder: str, *, build_script: str, build_command: str
) -> ReuseFindings:
    """What decides on reusing the packages that are installed in a folder, and what a script, or else a command, builds."""
    installed = _manifests_below(root, install_folder)
    top = next((each for each in installed if each.folder == install_folder), manifest)
    others = [each for each in installed if each is not top]
    is_workspace = bool(top.workspaces) or root.is_file(posixpath.join(install_folder, "pnpm-workspace.yaml"))
    looked_at = installed if is_workspace else [top]
    local = any(range_.startswith(_LOCAL) for each in looked_at for range_ in each.dependencies.values())
    # The install scripts of the folder itself run for each release; nothing runs those of members.
    own_of_members = is_workspace and any(_own_scripts(each) for each in others)
    built = [_called(build_script, manifest.scripts, set())]
    if is_workspace:
        built += [_called("build", each.scripts, set()) for each in installed]
    return ReuseFindings(
        packages=not manager.plug_and_play and not local and not own_of_members and len(installed) < _MAX_MEMBERS,
        members=is_workspace,
        own_scripts=_own_scripts(top),
        renders_data=_renders_pages(manifest) and any(map(_reads_data, looked_at)),
        build_scripts="\n".join([build_command, *(text for texts in built for text in texts)]),
    )


def _renders_pages(manifest: Manifest) -> bool:
    framework = built_framework(manifest)
    return manifest.depends_on(*_SITE_GENERATORS) or (framework is not None and framework.name != "nestjs")


def _reads_data(manifest: Manifest) -> bool:
    return manifest.depends_on(*_DATABASE_CLIENTS) or any(map(_CONTENT_SOURCE.fullmatch, manifest.dependencies))


def _own_scripts(manifest: Manifest) -> tuple[str, ...]:
    return tuple(name for name in _OWN_SCRIPTS if manifest.scripts.get(name, "").strip())


def _manifests_below(root: RepoTree, folder: str) -> list[Manifest]:
    """Those at and below a folder: its workspace's members are among them."""
    prefix = f"{folder}/" if folder else ""
    found: list[Manifest] = []
    for path in root.files:
        if posixpath.basename(path) == FILE_NAME and path.startswith(prefix) and len(found) < _MAX_MEMBERS:
            try:
                found.append(read_manifest(root, posixpath.dirname(path)))
            except RefusedError:  # no member of an installation that works
                continue
    return found


def _called(name: str, scripts: Mapping[str, str], seen: set[str]) -> list[str]:
    """The texts of a script, of what runs before and after it, and of those that these name."""
    texts: list[str] = []
    for each in (f"pre{name}", name, f"post{name}"):
        if each in scripts and each not in seen:
            seen.add(each)
            texts.append(scripts[each])
            words = re.findall(r"[\w:.-]+", scripts[each])
            texts += [text for word in words if word in scripts for text in _called(word, scripts, seen)]
    return texts
