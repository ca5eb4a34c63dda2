"""Stop the requests of a walk, or of all walks of an export, within a second."""

from __future__ import annotations

import threading

from airflow_provider_clevertap.api.deadline import Deadline


class WalkControl:
    """Ends one walk: its waits at once, its request in flight within a second."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.deadline = Deadline()

    def stop(self) -> None:
        """Stop the walk; reading its pages then raises ``LoadStoppedError``."""
        self.stopping.set()
        self.deadline.shorten_to(0.0)


class WalkControls:
    """The controls of all walks of an export."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._controls: list[WalkControl] = []
        self.stopping = threading.Event()

    def start(self) -> WalkControl:
        """Return the control of a new walk, which is stopped if the export is."""
        control = WalkControl()
        with self._lock:
            self._controls = [each for each in self._controls if not each.stopping.is_set()]
            self._controls.append(control)
        if self.stopping.is_set():
            control.stop()
        return control

    def stop(self) -> None:
        """Stop all walks."""
        self.stopping.set()
        with self._lock:
            controls = list(self._controls)
        for control in controls:
            control.stop()
