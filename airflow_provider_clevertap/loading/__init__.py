"""The load engine: rows in, outcomes out. It knows nothing of Airflow."""
