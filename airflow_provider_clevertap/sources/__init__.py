"""Sources of rows with options: files, DataFrames, the result of a query, and what came out of CleverTap.

A plain path or DataFrame needs none of these classes. They are created in DAG files, so they only store their
arguments, and importing them is cheap; the task opens and reads the source.
"""

from __future__ import annotations

from airflow_provider_clevertap.sources.described import (
    CsvSource,
    FrameSource,
    JsonLinesSource,
    ParquetSource,
    SqlSource,
)
from airflow_provider_clevertap.sources.exports import (
    CloudExportSource,
    ExportedEventsSource,
    ExportedMessagesSource,
    ExportedProfilesSource,
)

__all__ = [
    "CloudExportSource",
    "CsvSource",
    "ExportedEventsSource",
    "ExportedMessagesSource",
    "ExportedProfilesSource",
    "FrameSource",
    "JsonLinesSource",
    "ParquetSource",
    "SqlSource",
]
