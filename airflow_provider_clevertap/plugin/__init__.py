"""What the package adds to Airflow's UI: the report of a load or an export, as a tab of its task."""
