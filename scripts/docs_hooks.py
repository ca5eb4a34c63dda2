"""Hooks of MkDocs that build the site from ``docs`` and from files outside it.

On GitHub the pages link to files outside ``docs``: tests, example DAGs, the README. On the site such a link leads to
the page made from that file, or else to the repository (``repo_url`` in mkdocs.yml). Without one only its text is kept.
"""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = "dags_examples"

#: The page made from each file; file paths start at the root of the project, page paths at that of the site.
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    EXAMPLES: "examples/index.md",
    **{f"{EXAMPLES}/{path.name}": f"examples/{path.stem}.md" for path in sorted((ROOT / EXAMPLES).glob("*.py"))},
}
SOURCES = {page: source for source, page in PAGES.items()}

_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_ONE_SPAN = re.compile(r"`[^`]+`")
_TABLE_ROW = re.compile(r"^\|.*$", re.MULTILINE)


def slug(heading: str, _separator: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def with_links_of_the_site(markdown: str, page: str, repo_url: str = "") -> str:
    """Return a page with links that work on the site.

    :param markdown: the page as it is in the repository.
    :param page: its path on the site.
    :param repo_url: the address of the repository; empty when there is none.
    """
    source = SOURCES.get(page, f"docs/{page}")

    def site_link(match: re.Match[str]) -> str:
        text, target = match["text"], match["target"]
        path, hash_, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return match[0]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if match["image"] and not (ROOT / full).exists():
            return f"*(A picture that `make test-ui` takes: {text})*"
        site_path = full.removeprefix("docs/") if full.startswith("docs/") else PAGES.get(full)
        if site_path is not None:
            return f"{match['image']}[{text}]({posixpath.relpath(site_path, posixpath.dirname(page))}{hash_}{anchor})"
        if repo_url:
            return f"[{text}]({repo_url.rstrip('/')}/blob/main/{full}{hash_}{anchor})"
        return f'{text}{{ title="{full}" }}' if _ONE_SPAN.fullmatch(text) else text

    parts = _FENCED.split(markdown)
    return "".join(part if part.startswith("```") else _with_bars(_LINK.sub(site_link, part)) for part in parts)


def _with_bars(markdown: str) -> str:
    """Remove the backslash that GitHub needs before a bar in the code of a table; the site would show it."""
    return _TABLE_ROW.sub(lambda row: _ONE_SPAN.sub(lambda span: span[0].replace("\\|", "|"), row[0]), markdown)


def example_page(path: Path) -> str:
    """Return the page of an example DAG."""
    code = path.read_text(encoding="utf-8")
    front = "---\nsearch:\n  boost: 0.3\n---\n\n"  # in search results, the pages that explain come first
    return f"{front}# {path.stem}\n\n`{EXAMPLES}/{path.name}`\n\n```python\n{code}```\n"


def examples_page(paths: list[Path]) -> str:
    """Return the page that lists the example DAGs."""
    lines = ["# Example DAGs", "", "Each is a file to copy. The tests run them.", "", "| Example | Does |", "|---|---|"]
    for path in paths:
        summary, _, _ = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")
        lines.append(f"| [`{path.stem}`]({path.stem}.md) | {summary} |")
    return "\n".join(lines) + "\n"


def content_of(source: str) -> str:
    """Return the text of the page made from a file."""
    path = ROOT / source
    if source == EXAMPLES:
        return examples_page(sorted(path.glob("*.py")))
    return example_page(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors they have on GitHub."""
    config.mdx_configs["toc"] = {**config.mdx_configs.get("toc", {}), "slugify": slug}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made from files outside ``docs``."""
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=content_of(source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Convert the links of each page that is also on GitHub."""
    if page.file.src_uri.startswith("examples/"):
        return markdown
    return with_links_of_the_site(markdown, page.file.src_uri, config.repo_url or "")
