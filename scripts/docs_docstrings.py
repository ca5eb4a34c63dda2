"""Docstrings of this package are written for Sphinx; for the site what is left of that markup becomes Markdown.

Fields such as ``:param x:`` need nothing: mkdocstrings reads them itself.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):`(~?)([\w.]+)`")
#: What announces a block of code, and the lines indented below it.
_DIRECTIVE = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:[ ]{4}.*\n|\n)+)", re.MULTILINE)
_LITERAL = re.compile(r"^(.*)::\n\n((?:[ ]{4}.*\n|\n)+)", re.MULTILINE)


def to_markdown(text: str) -> str:
    """Turn roles into links and announced blocks into fenced ones."""
    text = _DIRECTIVE.sub(lambda found: _fenced(found[1], "", found[2]), text + "\n")
    text = _LITERAL.sub(lambda found: _fenced("python" if found[1] else "text", found[1], found[2]), text)
    return _ROLE.sub(lambda found: _linked(found[2], short=bool(found[1])), text).rstrip("\n")


def _fenced(language: str, announced: str, block: str) -> str:
    code = "\n".join(line[4:] for line in block.rstrip("\n").split("\n"))
    if language == "text":
        code = code.replace("``", "")
    return f"{announced + ':' + chr(10) * 2 if announced else ''}```{language}\n{code}\n```\n\n"


def _linked(name: str, *, short: bool) -> str:
    """Link to what has a place in the site; of all else the name alone is left."""
    shown = f"<code>{name.rpartition('.')[2] if short else name}</code>"
    return f'<autoref optional identifier="{name}">{shown}</autoref>' if "." in name else shown


class SphinxMarkup(griffe.Extension):
    """Turn every docstring into Markdown as it is read, and tell the arguments of msgspec's classes."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Take one object."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Give a ``msgspec.Struct`` the ``__init__`` that is made of its fields, all by name."""
        if "__init__" in cls.members or not any(str(base).endswith("Struct") for base in cls.bases):
            return
        fields = [
            griffe.Parameter(
                one.name, annotation=one.annotation, kind=griffe.ParameterKind.keyword_only, default=one.value
            )
            for one in cls.attributes.values()
            if one.annotation is not None
        ]
        parameters = griffe.Parameters(griffe.Parameter("self"), *fields)
        cls.set_member("__init__", griffe.Function("__init__", parameters=parameters))
