"""Make the site of ``docs`` and of files beside it; MkDocs calls what is here.

On GitHub the pages link to files outside ``docs``: tests, example DAGs, the README. In the site such a link leads to
the page made of that file, or else to the repository (``repo_url`` in mkdocs.yml). Without one its text alone is left.
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

#: The page made of a file; paths are from the root of the project, pages from that of the site.
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
    """Give the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def with_links_of_the_site(markdown: str, page: str, repo_url: str = "") -> str:
    """Mend the links of a page.

    :param markdown: the page as it is in the repository.
    :param page: where the site has it.
    :param repo_url: the address of the repository; empty where it has none.
    """
    source = SOURCES.get(page, f"docs/{page}")

    def mended(found: re.Match[str]) -> str:
        text, target = found["text"], found["target"]
        path, hash_, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return found[0]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if found["image"] and not (ROOT / full).exists():
            return f"*(A picture that `make test-ui` takes: {text})*"
        inside = full.removeprefix("docs/") if full.startswith("docs/") else PAGES.get(full)
        if inside is not None:
            return f"{found['image']}[{text}]({posixpath.relpath(inside, posixpath.dirname(page))}{hash_}{anchor})"
        if repo_url:
            return f"[{text}]({repo_url.rstrip('/')}/blob/main/{full}{hash_}{anchor})"
        return f'{text}{{ title="{full}" }}' if _ONE_SPAN.fullmatch(text) else text

    parts = _FENCED.split(markdown)
    return "".join(part if part.startswith("```") else _with_bars(_LINK.sub(mended, part)) for part in parts)


def _with_bars(markdown: str) -> str:
    """Take away the backslash GitHub wants before a bar in the code of a table; here it would be seen."""
    return _TABLE_ROW.sub(lambda row: _ONE_SPAN.sub(lambda span: span[0].replace("\\|", "|"), row[0]), markdown)


def example_page(path: Path) -> str:
    """Make a page of an example DAG."""
    code = path.read_text(encoding="utf-8")
    front = "---\nsearch:\n  boost: 0.3\n---\n\n"  # whoever searches wants what explains it first
    return f"{front}# {path.stem}\n\n`{EXAMPLES}/{path.name}`\n\n```python\n{code}```\n"


def examples_page(paths: list[Path]) -> str:
    """Make the page that lists the example DAGs."""
    lines = ["# Example DAGs", "", "Each is a file to copy. The tests run them.", "", "| Example | Does |", "|---|---|"]
    for path in paths:
        does, _, _ = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")
        lines.append(f"| [`{path.stem}`]({path.stem}.md) | {does} |")
    return "\n".join(lines) + "\n"


def content_of(source: str) -> str:
    """Give the text of the page made of a file."""
    path = ROOT / source
    if source == EXAMPLES:
        return examples_page(sorted(path.glob("*.py")))
    return example_page(path) if path.suffix == ".py" else path.read_text(encoding="utf-8")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Have headings the anchors they have on GitHub."""
    config.mdx_configs["toc"] = {**config.mdx_configs.get("toc", {}), "slugify": slug}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made of files outside ``docs``."""
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=content_of(source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Mend the links of each page that is also on GitHub."""
    if page.file.src_uri.startswith("examples/"):
        return markdown
    return with_links_of_the_site(markdown, page.file.src_uri, config.repo_url or "")
