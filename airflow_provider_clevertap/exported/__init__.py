"""What exports leave behind: names of directories and files, manifests, and how to read them without half a partition.

Exports write it (:mod:`airflow_provider_clevertap.exporting`), loads and users read it.
"""
