"""The provider's metadata for Airflow. Every ``airflow`` command imports it, so it must not import anything slow."""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.connections.form import (
    CONNECTION_TYPE,
    HOOK_NAME,
    conn_fields,
    field_behaviour,
)
from airflow_provider_clevertap.export_kinds import EXPORT_KINDS
from airflow_provider_clevertap.upload_kinds import UPLOAD_KINDS


def get_provider_info() -> dict[str, Any]:
    """Return the description of this provider that Airflow's provider discovery reads."""
    behaviour = field_behaviour()
    return {
        "package-name": "airflow-provider-clevertap",
        "name": "CleverTap",
        "description": "Load data into CleverTap, with one named outcome for every row, and export it to files.",
        "integrations": [
            {
                "integration-name": "CleverTap",
                "external-doc-url": "https://developer.clevertap.com/docs",
                "tags": ["service"],
            }
        ],
        "connection-types": [
            {
                "connection-type": CONNECTION_TYPE,
                "hook-class-name": "airflow_provider_clevertap.hooks.clevertap.CleverTapHook",
                "hook-name": HOOK_NAME,
                "ui-field-behaviour": {
                    "hidden-fields": behaviour["hidden_fields"],
                    "relabeling": behaviour["relabeling"],
                    "placeholders": behaviour["placeholders"],
                },
                "conn-fields": conn_fields(),
            }
        ],
        "hooks": [
            {
                "integration-name": "CleverTap",
                "python-modules": ["airflow_provider_clevertap.hooks.clevertap"],
            }
        ],
        "operators": [
            {
                "integration-name": "CleverTap",
                "python-modules": [
                    *(kind.operator_module for kind in (*UPLOAD_KINDS, *EXPORT_KINDS)),
                    "airflow_provider_clevertap.operators.counts",
                    "airflow_provider_clevertap.operators.schema",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": "CleverTap",
                "python-modules": [
                    "airflow_provider_clevertap.sensors.cloud_export",
                    "airflow_provider_clevertap.sensors.event_count",
                ],
            }
        ],
        "triggers": [
            {
                "integration-name": "CleverTap",
                "python-modules": [
                    "airflow_provider_clevertap.triggers.cloud_export",
                    "airflow_provider_clevertap.triggers.question",
                ],
            }
        ],
        "task-decorators": [{"name": kind.decorator_name, "class-name": kind.decorator_path} for kind in UPLOAD_KINDS],
        "extra-links": [
            f"airflow_provider_clevertap.operators.base.links.{name}"
            for name in ("CleverTapDashboardLink", "CleverTapReportLink")
        ],
        "config": {
            "clevertap": {
                "description": "Settings of the CleverTap provider.",
                "options": {
                    "artifacts_path": {
                        "description": "Directory or URI under which rejects files and reports are written, by DAG, "
                        "run, task and map index. With more than one machine, use a location all of them can reach. "
                        "When empty: the directory ``clevertap`` in AIRFLOW_HOME.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://my_s3_connection@my-bucket/clevertap",
                        "default": "",
                    },
                    "artifacts_mode": {
                        "description": "Who may read rejects files, reports and checkpoints on local paths, as the "
                        "mode of a file: 600 for the user Airflow runs as, 640 for its group as well. The directories "
                        "created for them are open to the same users.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "640",
                        "default": "600",
                    },
                },
            }
        },
    }
