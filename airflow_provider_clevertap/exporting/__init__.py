"""Export events and profiles to files. It does not know Airflow."""
