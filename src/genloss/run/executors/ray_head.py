"""The head of a cluster of Ray: without it nothing begins there, and Ray itself ends the driver."""

import socket
import time

from genloss.errors import ResourceError

SILENCE = 10.0
"""Seconds without an answer after which a head counts as gone; Ray kills the driver after 60."""


class Head:
    """Where the head of a cluster answers; one that does not from here is not watched."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_watched = not self._refusal()
        self.answered = time.monotonic()

    def check(self) -> None:
        """Raise ResourceError once the head has been silent for too long."""
        if not self.is_watched:
            return
        refusal, now = self._refusal(), time.monotonic()
        if not refusal:
            self.answered = now
        elif now - self.answered >= SILENCE:
            raise ResourceError(
                f"the head of the cluster at {self.address} has gone: {refusal} for "
                f"{now - self.answered:.0f} s; start a cluster and run the same command again: it "
                "resumes"
            )

    def _refusal(self) -> str:
        """Return why nobody answers; empty where somebody does."""
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=SILENCE / 2).close()
        except OSError as error:
            return error.strerror or str(error)
        return ""
