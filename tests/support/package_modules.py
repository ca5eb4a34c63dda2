"""The modules of the package as syntax trees, and what they import."""

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


def imports(module: str, tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Give every import of a module, wherever it stands, and whether it is for types alone."""
    typing_only = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and ast.unparse(guard.test).endswith("TYPE_CHECKING")
        for branch in guard.body
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")[: -node.level]
                base = ".".join([*package, *([base] if base else [])])
            names = [f"{base}.{alias.name}" if base == PACKAGE else base for alias in node.names]
        for name in names:
            yield name, id(node) in typing_only


MODULES = modules()
