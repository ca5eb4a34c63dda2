"""The ``clevertap`` connection: reading its settings, and its form in Airflow's UI."""
