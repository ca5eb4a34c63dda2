"""Answer the question of a running DAG through the API of Airflow's page of required actions."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: States of a task that waits for an answer (Airflow 3.3; before). An answer before the task waits would be lost.
WAITING = ("awaiting_input", "deferred")


@contextmanager
def answering(choice: str, before: Callable[[], object] = lambda: None) -> Iterator[list[dict[str, Any]]]:
    """Answer the next question that is asked within the context.

    :param choice: the answer.
    :param before: called when there is a question, before it is answered.
    :return: a list, to which the question is added.
    """
    from airflow.api_fastapi.app import create_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from starlette.testclient import TestClient

    app = create_app(apps="core")
    token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username="reviewer", role="admin"))
    asked: list[dict[str, Any]] = []
    over = threading.Event()

    def answer(airflow: TestClient) -> None:
        try:
            find_and_answer(airflow)
        except BaseException:
            _thread.interrupt_main()  # otherwise the DAG waits for ever
            raise

    def find_and_answer(airflow: TestClient) -> None:
        while not over.wait(0.3) and not asked:
            pending = airflow.get("/api/v2/dags/~/dagRuns/~/hitlDetails", params={"response_received": False})
            pending.raise_for_status()
            for question in pending.json()["hitl_details"]:
                task = question["task_instance"]
                if task["state"] not in WAITING:
                    continue
                place = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
                before()
                response = airflow.patch(f"{place}/{task['map_index']}/hitlDetails", json={"chosen_options": [choice]})
                response.raise_for_status()
                asked.append(question)

    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as airflow:
        person = threading.Thread(target=answer, args=[airflow])
        person.start()
        try:
            yield asked
        finally:
            over.set()
            person.join()
