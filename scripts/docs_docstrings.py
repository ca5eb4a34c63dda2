"""Convert the Sphinx markup of this package's docstrings to Markdown, for the documentation site.

Fields such as ``:param x:`` need no conversion: mkdocstrings reads them.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):`(~?)([\w.]+)`")
#: The line that introduces a block of code, and the indented lines below it.
_DIRECTIVE = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:[ ]{4}.*\n|\n)+)", re.MULTILINE)
_LITERAL = re.compile(r"^(.*)::\n\n((?:[ ]{4}.*\n|\n)+)", re.MULTILINE)


def to_markdown(text: str) -> str:
    """Convert roles to links, and indented blocks of code to fenced ones."""
    text = _DIRECTIVE.sub(lambda match: _fenced(match[1], "", match[2]), text + "\n")
    text = _LITERAL.sub(lambda match: _fenced("python" if match[1] else "text", match[1], match[2]), text)
    return _ROLE.sub(lambda match: _linked(match[2], short=bool(match[1])), text).rstrip("\n")


def _fenced(language: str, introduction: str, block: str) -> str:
    code = "\n".join(line[4:] for line in block.rstrip("\n").split("\n"))
    if language == "text":
        code = code.replace("``", "")
    return f"{introduction + ':' + chr(10) * 2 if introduction else ''}```{language}\n{code}\n```\n\n"


def _linked(name: str, *, short: bool) -> str:
    """Return a link to a name that is on the site, and only the name otherwise."""
    shown = f"<code>{name.rpartition('.')[2] if short else name}</code>"
    return f'<autoref optional identifier="{name}">{shown}</autoref>' if "." in name else shown


class SphinxMarkup(griffe.Extension):
    """Converts every docstring to Markdown when it is read, and adds the arguments of msgspec's classes."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Convert the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add to a ``msgspec.Struct`` the ``__init__`` that its fields define, all by keyword."""
        if "__init__" in cls.members or not any(str(base).endswith("Struct") for base in cls.bases):
            return
        fields = [
            griffe.Parameter(
                field.name, annotation=field.annotation, kind=griffe.ParameterKind.keyword_only, default=field.value
            )
            for field in cls.attributes.values()
            if field.annotation is not None
        ]
        parameters = griffe.Parameters(griffe.Parameter("self"), *fields)
        cls.set_member("__init__", griffe.Function("__init__", parameters=parameters))
