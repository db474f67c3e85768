"""Tasks on a cluster of Ray: one on this machine by default, or one that is there already."""

import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.core.places import Place
from genloss.core.resources import MEMORY
from genloss.errors import GenlossError, ResourceError, SpecError, WorkerLost
from genloss.run.events import Failed, Finished, Moved, Sink
from genloss.run.executors.agreement import check_software, software
from genloss.run.executors.executor import Feed
from genloss.run.executors.processes import uninterrupted
from genloss.run.executors.ray_board import Board
from genloss.run.executors.ray_head import Head
from genloss.run.executors.ray_worker import Order, here, step_of, work
from genloss.run.importable import unimportable
from genloss.run.job import Job, kind_of
from genloss.run.other_machine import OtherMachine
from genloss.run.shared import Shared
from genloss.run.task import Task
from genloss.run.threads import has_networks
from genloss.spec.code import code_of, sources_of
from genloss.store.bucket import Bucket
from genloss.store.lease import leased
from genloss.study.study import Study

LOOK = 0.5
"""Seconds between looks at the board."""

PATIENCE = 60.0
"""Seconds for a node to answer, and for cancelled tasks to end."""

OBJECTS = 100_000_000
"""Bytes of a local cluster's object store, through which nothing but orders goes."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Resources:
    """What one block takes of a node: CPUs, GPUs, and bytes of memory (0: whatever it needs)."""

    cpus: float = 1.0
    gpus: float = 0.0
    memory: int = 0

    def __post_init__(self) -> None:
        if self.cpus <= 0 or self.gpus < 0 or self.memory < 0:
            raise SpecError(f"a block takes {self}; expected cpus above 0, gpus and memory of 0 up")

    def fit(self, node: Mapping[str, float]) -> int:
        """Return how many blocks a node has room for, by what Ray says of it."""
        counts = [node.get("CPU", 0.0) / self.cpus]
        counts += [node.get("GPU", 0.0) / self.gpus] if self.gpus else []
        counts += [node.get("memory", 0.0) / self.memory] if self.memory else []
        return int(min(counts) + 1e-9)


@contextmanager
def on_ray(
    address: str = "",
    resources: Resources | None = None,
    *,
    store: str = "",
    root: Place = "",
    other_machine: OtherMachine = "refuse",
) -> Iterator["OnRay"]:
    """Connect to a cluster and give the executor that runs tasks there.

    address: HOST:PORT of its head, ray://HOST:PORT through Ray's client, or "" for a cluster on
    this machine that lives as long as the context. A connection that this process has is used.
    All nodes need the same genloss, Python and packages; what the user's own classes are made of
    is sent along. store: the URL of a bucket that nodes share instead of a path; runs below `root`
    are published there and come back from it. other_machine: see `run_studies`.

    Raises:
        MissingExtra: Ray is not installed.
        SpecError: nobody answers there, versions differ, or no node has room for one block.
        StoreError: the bucket cannot be written, or another driver is at work in it.
    """
    ray = optional("ray", "a cluster")
    mine = not ray.is_initialized()
    if mine:
        _connect(ray, address)
    try:
        with _shared(store, root) as shared:
            yield OnRay(ray, resources or Resources(), shared, other_machine)
    finally:
        if mine:
            with uninterrupted():
                ray.shutdown()


@contextmanager
def _shared(store: str, root: Place) -> Iterator[Shared | None]:
    if not store:
        yield None
        return
    bucket = Bucket(store)
    if not bucket.conditional:
        warnings.warn(
            f"{store} has no conditional puts: nothing keeps out a second driver, so see to it "
            "that there is one",
            stacklevel=5,
        )
    with leased(bucket) as lease:
        shared = Shared(bucket, Path(root).resolve(), lease)
        yield shared
        shared.close()


class OnRay:
    """A connected cluster; see `on_ray`."""

    def __init__(
        self, ray: Any, resources: Resources, shared: Shared | None, other_machine: OtherMachine
    ) -> None:
        self.ray, self.resources = ray, resources
        self.shared, self.other_machine = shared, other_machine
        self.tasks: dict[int, Task] = {}
        self.board: Any = None
        nodes = [node for node in ray.nodes() if node["Alive"]]
        self.side_by_side = sum(resources.fit(node["Resources"]) for node in nodes)
        if not self.side_by_side:
            raise SpecError(
                f"no node of the cluster has room for one block ({_words(resources)}); they have "
                f"{'; '.join(_node_words(node['Resources']) for node in nodes)}"
            )
        _check_nodes(ray, nodes)
        self.head = Head(ray.get_runtime_context().gcs_address)

    def threads(self, study: Study) -> int:
        """Return the threads for the networks of one block: the CPUs that it takes."""
        return max(1, int(self.resources.cpus)) if has_networks(study) else 1

    def run(self, feed: Feed, sink: Sink) -> None:
        """Run the tasks; a worker or node that dies fails the tasks that it had."""
        remote = self.ray.remote(work).options(
            num_cpus=self.resources.cpus,
            num_gpus=self.resources.gpus,
            memory=self.resources.memory or None,
            max_retries=0,
            scheduling_strategy="SPREAD",
        )
        at_work: dict[Any, int] = {}
        try:
            self._hand_out(feed, remote, at_work, sink)
            while at_work:
                self.head.check()
                if self.shared is not None:
                    self.shared.lease.check()
                ready, _ = self.ray.wait(list(at_work), num_returns=1, timeout=LOOK)
                self._look(at_work, sink)
                for ref in ready:
                    self._settle(ref, at_work.pop(ref), sink)
                self._hand_out(feed, remote, at_work, sink)
        finally:
            with uninterrupted():
                self._cancel(list(at_work))
                if self.board is not None:
                    self.ray.kill(self.board)
                    self.board = None

    def _hand_out(self, feed: Feed, remote: Any, at_work: dict[Any, int], sink: Sink) -> None:
        while len(at_work) < self.side_by_side and (item := feed.take()) is not None:
            number, task = item
            try:
                order = self._order(task)
            except GenlossError as error:
                sink(Failed(number, error))
                continue
            if order is None:
                sink(Finished(number))
                continue
            board = None
            if isinstance(task, Task):
                self.tasks[number] = task
                board = self._board()
            at_work[remote.remote(order, number, board)] = number

    def _order(self, task: Job) -> Order | None:
        """Return what a worker gets of a task; None where a bucket has it to its end already."""
        if not isinstance(task, Task):
            if self.shared is not None:
                raise SpecError("a corpus needs an --out that all nodes share; leave --store out")
            return Order(task.as_text(), software(), kind=kind_of(task))
        if homeless := unimportable(task.study):
            raise SpecError(
                f"other machines cannot import {', '.join(homeless)}, which a notebook cell, a "
                "prompt or a function defines; put the class into a module, or leave --on out"
            )
        claim = None
        if self.shared is not None and (claim := self.shared.claim(task)) is None:
            return None
        study, task = task.study, replace(task, run=task.run.resolve())
        code = code_of(study).checked
        return Order(task.as_text(), software(), sources_of(study), code, claim, self.other_machine)

    def _board(self) -> Any:
        """Return where blocks say where they are; other work says nothing, and needs no process."""
        if self.board is None:
            options = {"num_cpus": 0, "max_restarts": -1}
            self.board = self.ray.remote(Board).options(**options).remote()
        return self.board

    def _look(self, at_work: Mapping[Any, int], sink: Sink) -> None:
        if self.board is None:
            return
        # The board is for show: where its node is gone, it begins anew on another.
        with suppress(self.ray.exceptions.RayError):
            asked = self.board.take.remote()
            for _ in range(int(PATIENCE / LOOK)):
                if self.ray.wait([asked], timeout=LOOK)[0]:
                    break
                self.head.check()
            numbers = self.ray.get(asked, timeout=LOOK)
            for number in set(at_work.values()) & set(numbers):
                sink(Moved(number, step_of(numbers[number])))

    def _settle(self, ref: Any, number: int, sink: Sink) -> None:
        try:
            error = self.ray.get(ref).as_error()
        except self.ray.exceptions.RayError as lost:
            error = _lost(self.ray, lost)
        if self.shared is not None:
            try:
                # After a failure too: what is lost counts from what is here.
                self.shared.fetch(self.tasks[number])
            except GenlossError as missing:
                error = error or missing
        sink(Finished(number) if error is None else Failed(number, error))

    def _cancel(self, refs: list[Any]) -> None:
        """End tasks at once, and wait until they have: a killed block resumes."""
        for ref in refs:
            with suppress(self.ray.exceptions.RayError):
                self.ray.cancel(ref, force=True)
        if refs:
            self.ray.wait(refs, num_returns=len(refs), timeout=PATIENCE)


def _lost(ray: Any, error: Exception) -> GenlossError:
    """Return what an error of Ray means: a worker that died, for lack of memory or otherwise."""
    kinds = ray.exceptions
    why = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    if isinstance(error, kinds.RayTaskError):
        return GenlossError(f"a worker could not take a task: {why}")
    if isinstance(error, kinds.RuntimeEnvSetupError | kinds.TaskUnschedulableError):
        return SpecError(f"the cluster cannot run a block: {why}")
    hint, lacks = "", ""
    if isinstance(error, kinds.OutOfMemoryError):
        hint, lacks = "; more memory for each block (--memory) leaves fewer side by side", MEMORY
    elif isinstance(error, kinds.NodeDiedError | kinds.LocalRayletDiedError):
        hint = "; its node is gone, and others take its blocks while there are any"
    return WorkerLost(
        f"a worker of Ray died ({type(error).__name__}: {why}); run the same command again: it "
        f"resumes{hint}",
        lacks,
    )


def _connect(ray: Any, address: str) -> None:
    # Ray would report how it is used over the network, and take the signals of the command.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # By its own default Ray joins whatever cluster this machine has, or had until it was killed.
    local: dict[str, Any] = {
        "address": "local",
        "_node_ip_address": "127.0.0.1",
        "object_store_memory": OBJECTS,
        "include_dashboard": False,
    }
    address = address or os.environ.get("RAY_ADDRESS", "")
    if address:
        _check_answer(address)
    options = {"address": address} if address else local
    try:
        with _own_signals():
            ray.init(log_to_driver=False, logging_level="ERROR", **options)
    except Exception as error:
        # Of a node that is too slow to start it raises an Exception of no class of its own.
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        if not address:
            raise ResourceError(f"Ray does not start on this machine: {why}") from error
        raise SpecError(
            f"Ray at {address} cannot be joined: {why}; it must run the same Ray and Python, and "
            "its token must be here (RAY_AUTH_MODE=token and RAY_AUTH_TOKEN, or ~/.ray/auth_token)"
        ) from error


def _check_answer(address: str) -> None:
    """Raise SpecError where nobody answers at HOST:PORT; Ray itself takes minutes to say so."""
    if address == "auto":
        return
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal() or not host:
        raise SpecError(
            f"--on {address}: expected ray, HOST:PORT of the head of a cluster, or ray://HOST:PORT"
        )
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise SpecError(f"nobody answers at {address} ({why}); {_advice(address)}") from None


def _advice(address: str) -> str:
    port = address.rpartition(":")[2]
    flag = "--ray-client-server-port" if address.startswith("ray://") else "--port"
    return (
        f"start one there with `ray start --head {flag}={port}`, join nodes with `ray start "
        "--address=HOST:PORT`, or pass --on ray for one on this machine"
    )


@contextmanager
def _own_signals() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_nodes(ray: Any, nodes: list[Any]) -> None:
    """Raise SpecError where a node lacks genloss or has other versions than this process."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as At

    check = ray.remote(here)
    asked = {
        node["NodeManagerHostname"]: check.options(
            num_cpus=0, max_retries=0, scheduling_strategy=At(node["NodeID"], soft=False)
        ).remote()
        for node in nodes
    }
    for name, ref in asked.items():
        try:
            theirs = ray.get(ref, timeout=PATIENCE)
        except ray.exceptions.GetTimeoutError:
            raise ResourceError(
                f"node {name} has not answered within {PATIENCE:.0f} s: it is busy, or starts up; "
                "run the same command again, with RAY_worker_niceness=0 where others use the node"
            ) from None
        except ray.exceptions.RayError as error:
            why = str(error).strip().splitlines()[-1]
            raise SpecError(
                f"node {name} cannot run genloss ({why}); install genloss there as it is here"
            ) from None
        check_software(theirs, software(), name)


def _words(resources: Resources) -> str:
    return _node_words({"CPU": resources.cpus, "GPU": resources.gpus, "memory": resources.memory})


def _node_words(node: Mapping[str, float]) -> str:
    words = [f"{node.get('CPU', 0):g} CPUs", f"{node.get('GPU', 0):g} GPUs"]
    return ", ".join([*words, f"{node.get('memory', 0) / 1e9:.3g} GB"])
