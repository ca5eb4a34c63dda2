"""The load engine: rows of a source become records in CleverTap, and every row gets one outcome. No Airflow here.

A load (:mod:`.load`) goes through these rooms in turn:

1. :mod:`.sources` reads the rows, in blocks (:mod:`.rows`).
2. :mod:`.mapping` plans what each column becomes.
3. :mod:`.encoding` turns a block into JSON records, and tells which rows are invalid.
4. :mod:`.dispatch` puts the records into batches; :mod:`.delivery` sends them, several at a time.
5. :mod:`.ledger` collects the outcome of each row (:mod:`.outcomes`); rows that failed go to the rejects file
   (:mod:`.artifacts`).
6. :mod:`.checkpoint` records how far the load has come, so that a later attempt resumes there.

Files are written through :mod:`airflow_provider_clevertap.storage`.
"""
