"""What Airflow's provider discovery reads. Imported by every ``airflow`` command, so it imports nothing heavy."""

from __future__ import annotations

from typing import Any

from airflow_provider_clevertap.connections.form import (
    CONNECTION_TYPE,
    HOOK_NAME,
    conn_fields,
    field_behaviour,
)


def get_provider_info() -> dict[str, Any]:
    """Describe this provider to Airflow."""
    behaviour = field_behaviour()
    return {
        "package-name": "airflow-provider-clevertap",
        "name": "CleverTap",
        "description": "Load data into CleverTap, with one named outcome for every row.",
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
                    "airflow_provider_clevertap.operators.profiles",
                    "airflow_provider_clevertap.operators.events",
                    "airflow_provider_clevertap.operators.device_tokens",
                ],
            }
        ],
        "task-decorators": [
            {
                "name": f"clevertap_{kind}",
                "class-name": f"airflow_provider_clevertap.decorators.{kind}.clevertap_{kind}_task",
            }
            for kind in ("profiles", "events", "device_tokens")
        ],
        "config": {
            "clevertap": {
                "description": "Settings of the CleverTap provider.",
                "options": {
                    "artifacts_path": {
                        "description": "Directory or URI under which rejects files and reports are written, by DAG, "
                        "run, task and map index. On more than one machine it should be a place all of them reach. "
                        "When empty: the directory ``clevertap`` in AIRFLOW_HOME.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "s3://my_s3_connection@my-bucket/clevertap",
                        "default": "",
                    },
                    "artifacts_mode": {
                        "description": "Who may read rejects files, reports and checkpoints on local paths, as the "
                        "mode of a file: 600 is the user Airflow runs as, 640 its group as well. Directories made for "
                        "them can be entered by the same.\n",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": "640",
                        "default": "600",
                    },
                },
            }
        },
    }
