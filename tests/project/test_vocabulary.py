"""One word for an idea: the words that this project has given up stay away, and docstrings begin with a plain verb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.package_modules import MODULES
from tests.support.paths import ROOT

#: What is not said any more, and the word to use. See docs/glossary.md.
GIVEN_UP = {
    r"\b(the|a|by|its) law\b|\w*[Ll]aw(s|ful)?\b(?<!flaw)|_law_": "validator, model",
    r"\bjudg(e|ed|es|ing|ement|ment)\b|\bjudge_|_judg|Judge": "validate",
    r"[Vv]erdict": "result, outcome",
    r"\b_?[Ss]creen(ed|ing)\b|_screened\b": "converter",
    r"[Cc]ourier": "batch delivery",
    r"[Dd]oubtful": "undecided",
    r"\bahead\b|_ahead|ahead_|Ahead": "profile update",
    r"in_a_row|InARow": "consecutive",
    r"[Pp]atien(ce|t|tly)": "retry, timeout",
    r"\bweather\b": "transient",
    r"\b(go|goes|going|gone|went) on with\b|\bgone on\b": "resume",
    r"\b(break|breaks|broke|broken|breaking) off\b|break_off|broken_off|BROKEN_OFF": "interrupted",
    r"\b_?[Tt]old\b|_told\b|\btold_": "message, reported",
    r"\b_?said\b": "text, arguments",
    r"[Ww]aive": "accept unsent",
    r"[Gg]arnish": "excerpt",
    r"[Rr]efusals?\b": "rejected rows",
    r"[Oo]vertaken": "superseded",
    r"[Oo]bjection": "issue",
    r"\bmade_property|MadeProperty|made_at\b": "derived field",
    r"\bseen_before\b|\bSeen\b": "key set",
    r"\b(a|the|this|each|every|earlier|later|next|last|first|second) tr(y|ies)\b(?! again)": "attempt",
    r"\b(another|one|two|several|both|of|its|many) tr(y|ies)\b(?! again)": "attempt",
    r"\btries\b(?= (of|before|that|have|has|are|were|may|and)\b)": "attempts",
    r"\b_?(MOST|LONGEST|LARGEST)_[A-Z]|\bLARGEST\b": "MAX_",
    r"\bstable_order\b": "resumable",
}  # fmt: skip
#: Beginnings of docstrings that say nothing of what a function does.
NO_VERBS = {"Give", "Gives", "Tell", "Tells", "Say", "Says", "Whether", "See", "Look", "Go"}
PATTERNS = {re.compile(pattern): better for pattern, better in GIVEN_UP.items()}
SUFFIXES = (".py", ".md", ".html", ".sql", ".toml", ".yml", ".css")
PLACES = (
    "airflow_provider_clevertap", "benchmarks", "dags_examples", "docs", "scripts", "tests", ".github",
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml", "mkdocs.yml",
)  # fmt: skip


def files() -> Iterator[Path]:
    for place in map(ROOT.joinpath, PLACES):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and (path.suffix in SUFFIXES or not path.suffix) and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT)


@pytest.mark.parametrize("path", [path for path in files() if path.name != "test_vocabulary.py"], ids=str)
def test_words_given_up_are_not_used(path: Path) -> None:
    found = [
        f"{path}:{number}: {match[0]!r} (use: {better})"
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        for pattern, better in PATTERNS.items()
        if (match := pattern.search(line)) is not None
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_docstrings_of_functions_begin_with_a_verb(module: str) -> None:
    found = []
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if text.split(" ")[0].rstrip(".,:") in NO_VERBS:
                found.append(f"{module}.{node.name} (line {node.lineno}): {text.splitlines()[0]}")
    assert not found, "\n".join(found)
