"""The site contains every page, and its links are adapted correctly."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.docs_hooks import PAGES, example_page, slug, with_links_of_the_site
from tests.support.doc_pages import anchors
from tests.support.paths import DOCS, ROOT

API_PAGES = sorted(DOCS.glob("api/*.md"))
DECISIONS = sorted(DOCS.glob("adr/[0-9]*.md"))


def entries(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from entries(entry)


def test_every_page_is_in_the_navigation_once() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    written = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path not in DECISIONS]
    generated = [page for page in PAGES.values() if page == "examples/index.md" or not page.startswith("examples/")]
    assert sorted(entries(site["nav"])) == sorted([*written, *generated])
    assert (site["strict"], site["theme"]["font"]) == (True, False)


def test_every_decision_is_listed_with_its_title() -> None:
    listed = re.findall(r"^- \[(.+)\]\((\S+)\)", (DOCS / "adr" / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    titles = [path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for path in DECISIONS]
    assert listed == [(title, path.name) for title, path in zip(titles, DECISIONS, strict=True)]


@pytest.mark.parametrize("source", PAGES)
def test_every_source_of_a_generated_page_exists(source: str) -> None:
    assert (ROOT / source).exists()


@pytest.mark.airflow
@pytest.mark.parametrize("page", API_PAGES, ids=lambda path: path.stem)
def test_everything_an_api_page_documents_can_be_imported(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        exec(block, {})  # noqa: S102
    named = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    assert named
    for name in named:
        module, _, member = name.rpartition(".")
        assert hasattr(importlib.import_module(module), member), name


@pytest.mark.parametrize(
    ("page", "link", "adapted"),
    [
        ("columns.md", "[s](sources.md#csv)", "[s](sources.md#csv)"),
        ("columns.md", "[above](#types)", "[above](#types)"),
        ("columns.md", "[c](https://example.com/a#b)", "[c](https://example.com/a#b)"),
        ("columns.md", "[r](../README.md#try-it)", "[r](index.md#try-it)"),
        ("columns.md", "[d](../dags_examples/one_off_load.py)", "[d](examples/one_off_load.md)"),
        ("api/hook.md", "[c](../connection.md)", "[c](../connection.md)"),
        ("api/hook.md", "[c](../../CHANGELOG.md)", "[c](../changelog.md)"),
        ("index.md", "[`d`](dags_examples)", "[`d`](examples/index.md)"),
        ("index.md", "[c](docs/columns.md#types)", "[c](columns.md#types)"),
        ("security.md", "[`test_x`](../tests/t.py)", '`test_x`{ title="tests/t.py" }'),
        ("security.md", "[the test](../tests/t.py)", "the test"),
        ("ui.md", "![A form](screenshots/none.png)", "*(A picture that `make test-ui` takes: A form)*"),
        ("performance.md", "![S](performance-stages.svg)", "![S](performance-stages.svg)"),
        ("columns.md", "```\n[s](../tests/t.py)\n```", "```\n[s](../tests/t.py)\n```"),
        ("columns.md", r"| `a\|b` | c \| d |", r"| `a|b` | c \| d |"),
    ],
)
def test_links_are_adapted_to_the_site(page: str, link: str, adapted: str) -> None:
    assert with_links_of_the_site(link, page) == adapted


def test_with_a_repository_links_out_of_the_documentation_go_there() -> None:
    adapted = with_links_of_the_site("[`t`](../tests/t.py#L3)", "security.md", "https://example.com/repo/")
    assert adapted == "[`t`](https://example.com/repo/blob/main/tests/t.py#L3)"


@pytest.mark.parametrize("heading", ["Kill a load, and resume it", "`Charged` from order lines", "401 & 403"])
def test_headings_have_the_same_anchors_as_on_github(heading: str) -> None:
    assert slug(heading.replace("`", ""), "-") in anchors(f"# {heading}\n")


def test_an_example_is_shown_unchanged() -> None:
    path = ROOT / "dags_examples" / "one_off_load.py"
    assert path.read_text(encoding="utf-8") in example_page(path)
