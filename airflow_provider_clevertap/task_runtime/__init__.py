"""Run a load inside an Airflow task.

The hook and the operators both use :mod:`.task_load`. It reads the connection, chooses the paths of the files
(:mod:`.artifact_paths`, :mod:`.path_claims`) and the store of the checkpoint (:mod:`.checkpoint_stores`), connects a
``SqlSource`` to its database (:mod:`.databases`), stops the load cleanly when Airflow interrupts the task
(:mod:`.interruption`) and logs the summary (:mod:`.summary_log`).
"""
