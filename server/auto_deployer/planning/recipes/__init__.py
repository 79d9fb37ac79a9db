"""The ecosystems we can deploy: one file each, one line in `RECIPES` each.

Scores are sums of evidence weights on one scale, so that recipes can be compared: about 3 for a manifest, 2 for a declared
framework, 4 for a proven entry, 1 for a hint such as a file name; a site of plain files stays below any app with a proven entry.
A Procfile adds 20: the author said how to start.
"""

from __future__ import annotations

from ..recipe import Recipe
from .node import NodeRecipe
from .procfile import ProcfileRecipe
from .python import PythonRecipe
from .static import StaticRecipe

_PYTHON = PythonRecipe()
_NODE = NodeRecipe()

RECIPES: tuple[Recipe, ...] = (
    _PYTHON,
    _NODE,
    StaticRecipe(),
    ProcfileRecipe((_PYTHON, _NODE)),
)
