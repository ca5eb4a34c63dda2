"""The modules of the package as syntax trees, and their imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.paths import PACKAGE as DIRECTORY

PACKAGE = DIRECTORY.name


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(DIRECTORY.rglob("*.py")):
        name = ".".join(path.relative_to(DIRECTORY.parent).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(module: str, tree: ast.AST) -> Iterator[str]:
    """Return every import of a module, wherever it stands and whether for types alone or not.

    ``from package import module`` is an import of the module.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                yield name if _is_module(name) or base == PACKAGE else base


def _is_module(name: str) -> bool:
    path = DIRECTORY.parent.joinpath(*name.split("."))
    return name.startswith(PACKAGE) and (path.with_suffix(".py").exists() or path.is_dir())


MODULES = modules()
