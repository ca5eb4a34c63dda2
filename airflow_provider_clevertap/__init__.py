"""Load data into CleverTap from Apache Airflow.

Kept empty on purpose: Airflow imports this package in every command it runs.
"""
