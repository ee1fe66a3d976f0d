"""Ray, started quietly on this machine or joined where it already runs."""

import logging
import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hdvg.claim import is_claimed
from hdvg.download.gate import LocalGate
from hdvg.download.pace import Turn
from hdvg.errors import InputError
from hdvg.make_unit import OVERDUE, AbandonedError, UnitJob, make_unit
from hdvg.scratch import scratch_folder
from hdvg.storage import Storage
from hdvg.tally import Tally

if TYPE_CHECKING:
    from ray.actor import ActorHandle

# Rows that travel are a few hundred bytes; video never does. Ray's floor is 75 MB.
_OBJECT_STORE_BYTES = 100 * 2**20
# How long a cluster's head may take to accept a connection.
_ANSWER_S = 10.0
# How long an interrupted execution may take to end; it usually has by then.
_EXECUTION_END_S = 10.0
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}


@contextmanager
def ray_session(address: str, num_cpus: int) -> Iterator[ModuleType]:
    """A Ray session; one that was started here ends with the block.

    Args:
        address: Of a running cluster: "auto" where this machine is a node of it, else host:port
            (6379 is usual) of its head; "" starts Ray on this machine alone.
        num_cpus: Tasks at a time on this machine; 0 is one a core. Only where Ray is started here.

    Raises:
        InputError: No cluster answers at the address, or Ray cannot be started.
    """
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    import ray  # after the variables, which it reads once

    check_address(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    with scratch_folder("ray") as folder:
        on_terminate = signal.getsignal(signal.SIGTERM)
        try:
            if address:
                ray.init(address=address, **quiet)
            else:
                ray.init(
                    address="local",
                    num_cpus=num_cpus or None,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    include_dashboard=False,
                    _temp_dir=str(folder),
                    **quiet,
                )
        except Exception as error:  # Ray raises plain Exceptions where a machine is too busy
            where = f"no Ray cluster at {address!r}" if address else "Ray did not start"
            raise InputError(f"{where}: {error}{_hint(address)}") from error
        if threading.current_thread() is threading.main_thread():
            # Ray would end the process at once, without our cleanups.
            signal.signal(signal.SIGTERM, on_terminate)
        context = ray.data.DataContext.get_current()
        # Ray Data brings handlers of its own, which its level alone does not quieten. What it logs
        # as an error it also raises.
        for handler in logging.getLogger("ray.data").handlers:
            handler.setLevel(logging.CRITICAL)
        context.enable_progress_bars = False
        try:
            yield ray
        finally:
            _end_executions()
            ray.shutdown()


def _end_executions() -> None:
    """Ends what Ray Data still runs when a build is interrupted.

    Its threads would find Ray gone, and print tracebacks after our last line.
    """
    from ray.data._internal.execution.streaming_executor import StreamingExecutor

    for thread in threading.enumerate():
        if isinstance(thread, StreamingExecutor):
            thread.shutdown(force=False)  # workers clean up after themselves
            thread.join(timeout=_EXECUTION_END_S)


def _hint(address: str) -> str:
    """What is most often wrong with a cluster that answers and does not let us in."""
    if not address or "RAY_AUTH_MODE" in os.environ:
        return ""
    return " (one made by `ray start` wants RAY_AUTH_MODE=token in the environment)"


def check_address(address: str) -> None:
    """Refuses an address at which nothing answers; Ray itself would go on asking for minutes.

    Raises:
        InputError: No host and port, or nobody there.
    """
    if address in ("", "auto", "local"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise InputError(f"address must be auto or host:port, got {address!r}")
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"no Ray cluster at {address!r}: {error}") from error


class _Ledger:
    """Counts for the driver, and the memory of which videos workers did not come back from."""

    def __init__(self, total: int, max_video_s: float) -> None:
        self._tally = Tally(total=total)
        self._max_video_s = max_video_s
        self._attempts: dict[str, int] = {}
        self._begun_s: dict[str, float] = {}
        self._at_work_s: dict[str, float] = {}
        self._started_s: float | None = None
        self._seen: set[str] = set()

    def begin(self, video_id: str) -> int:
        now_s = time.monotonic()
        self._started_s = self._started_s or now_s
        if video_id in self._seen:
            return self._attempts[video_id]
        # Begun long ago and never done: the watchdog ended that worker, and would end this one.
        if now_s - self._begun_s.setdefault(video_id, now_s) >= self._max_video_s:
            return OVERDUE
        self._begun_s[video_id] = self._at_work_s[video_id] = now_s
        self._attempts[video_id] = self._attempts.get(video_id, 0) + 1
        return self._attempts[video_id]

    def done(self, row: dict[str, Any]) -> None:
        if row["video_id"] not in self._seen:
            self._seen.add(row["video_id"])
            self._at_work_s.pop(row["video_id"], None)
            self._tally.add(row)

    def tally(self) -> Tally:
        now_s = time.monotonic()
        return replace(
            self._tally,
            elapsed_s=now_s - (self._started_s or now_s),
            at_work={name: now_s - begun_s for name, begun_s in self._at_work_s.items()},
        )


class _SharedGate:
    """The gate of all workers, which lives in an actor."""

    def __init__(self, ray: ModuleType, actor: "ActorHandle") -> None:
        self._ray = ray
        self._actor = actor

    def claim(self, site: str, avoid: frozenset[int]) -> Turn:
        turn: Turn = self._ray.get(self._actor.claim.remote(site, avoid))
        return turn

    def settle(self, site: str, turn: Turn, throttled: bool, retry_after_s: float) -> None:
        self._ray.get(self._actor.settle.remote(site, turn, throttled, retry_after_s))


def run_units(
    ray: ModuleType, jobs: list[UnitJob], show: Callable[[Tally], None], owner: str = ""
) -> None:
    """Makes every unit, as many at a time as there are CPUs.

    Args:
        ray: From `ray_session`.
        jobs: The units, at least one; their settings are the same.
        show: Called with the counts so far, about twice a second.
        owner: What the claim on the dataset yielded; nothing is committed once it has ended.

    Raises:
        InputError: A unit could not be written, for example because the disk is full, or Ray itself
            was killed.
    """
    downloads = jobs[0].config.download
    num_videos = sum(len(job.videos) for job in jobs)
    ledger = _start_here(ray, _Ledger, num_videos, downloads.max_video_s)
    desk = _start_here(ray, LocalGate, downloads)

    def work(row: dict[str, Any]) -> dict[str, str]:
        job = pickle.loads(row["job"])  # noqa: S301  # pickled by this very run, below
        storage = Storage(job.root)
        try:
            make_unit(
                job,
                begin=lambda video_id: int(ray.get(ledger.begin.remote(video_id))),
                done=lambda outcome: ledger.done.remote(outcome),
                wanted=lambda: is_claimed(storage, owner),
                gate=_SharedGate(ray, desk),
            )
        except AbandonedError:
            return {"trouble": f"another process has taken over {storage.root}"}
        except (OSError, InputError) as error:
            return {"trouble": str(error)}
        return {"trouble": ""}

    # One block a unit, so that each is a task of its own; a lost worker's unit starts again, and
    # the ledger sees to it that a video which kills workers is given up.
    items = [{"job": pickle.dumps(job)} for job in jobs]
    results = ray.data.from_items(items, override_num_blocks=len(items)).map(work, num_cpus=1)
    with _ray_alive(ray), _shown(ray, ledger, show):
        for row in results.iter_rows():
            if row["trouble"]:
                raise InputError(f"the build stopped: {row['trouble']}")


def _start_here(ray: ModuleType, kind: type, *arguments: object) -> "ActorHandle":
    """Starts an actor on the driver's own node: if that one is lost, the build is lost anyway.

    One that is killed starts anew: what it has forgotten costs some politeness or a retry.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    options = {
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=False),
        "max_restarts": -1,
        "max_task_retries": -1,
    }
    return ray.remote(num_cpus=0)(kind).options(**options).remote(*arguments)


@contextmanager
def _ray_alive(ray: ModuleType) -> Iterator[None]:
    """Says in words that Ray's own processes died; bugs of ours keep their traceback."""
    bugs = (ray.exceptions.RayTaskError, ray.exceptions.UserCodeException)
    try:
        yield
    except ray.exceptions.RayError as error:
        if isinstance(error, bugs):
            raise
        reason = str(error).split(". ")[0]
        raise InputError(
            f"the build stopped with Ray ({reason}); the same command goes on"
        ) from error


@contextmanager
def _shown(ray: ModuleType, ledger: "ActorHandle", show: Callable[[Tally], None]) -> Iterator[None]:
    """Polls the ledger beside the loop that waits for results."""
    stop = Event()

    def poll() -> None:
        # Without Ray there is nothing to show; whoever waits for results says so.
        with suppress(ray.exceptions.RayError):
            while not stop.wait(0.5):
                show(ray.get(ledger.tally.remote()))

    thread = Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    show(ray.get(ledger.tally.remote()))
