"""Paths of the project's files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_provider_clevertap"
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "dags_examples"
