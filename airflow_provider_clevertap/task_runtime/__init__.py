"""A load inside an Airflow task.

The hook and the operators run the same load through :mod:`.task_load`: it reads the connection, finds where the files
go (:mod:`.artifact_paths`, :mod:`.path_claims`), keeps the checkpoint (:mod:`.checkpoint_stores`), stops in good order
when Airflow interrupts the task (:mod:`.interruption`) and logs the summary.
"""
