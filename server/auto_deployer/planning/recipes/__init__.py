"""The ecosystems we can deploy: one file each, one line in `RECIPES` each.

Scores are sums of evidence weights on one scale, so that recipes can be compared: about 3 for a manifest, 2 for a declared
framework, 4 for a proven entry, 1 for a hint such as a file name; a site of plain files stays below any app with a proven entry.
A Procfile adds 20: the author said how to start. What packages an app for containers stays below 1: whether it counts, and goes
before all others then, depends on the target (`planning.packaging`).
"""

from __future__ import annotations

from ..recipe import Recipe
from .compose import ComposeRecipe
from .deno import DenoRecipe
from .dockerfile import DockerfileRecipe
from .generators import HugoRecipe, JekyllRecipe
from .go import GoRecipe
from .java import JavaRecipe
from .mkdocs import MkDocsRecipe
from .node import NodeRecipe
from .php import PhpRecipe
from .procfile import ProcfileRecipe
from .python import PythonRecipe
from .ruby import RubyRecipe
from .rust import RustRecipe
from .sphinx import SphinxRecipe
from .static import StaticRecipe

_APPS: tuple[Recipe, ...] = (
    PythonRecipe(),
    NodeRecipe(),
    PhpRecipe(),
    RubyRecipe(),
    GoRecipe(),
    RustRecipe(),
    JavaRecipe(),
    DenoRecipe(),
)
_SITES: tuple[Recipe, ...] = (MkDocsRecipe(), SphinxRecipe(), HugoRecipe(), JekyllRecipe(), StaticRecipe())

_PACKAGING: tuple[Recipe, ...] = (ComposeRecipe(), DockerfileRecipe())

RECIPES: tuple[Recipe, ...] = (*_APPS, *_SITES, ProcfileRecipe(_APPS), *_PACKAGING)
