"""Who makes a column family: this process alone, or Ray actors, each with a model of its own.

Either way a unit is committed as a whole, so that the same command goes on after a kill.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from hdvg.claim import is_claimed
from hdvg.errors import InputError
from hdvg.make_unit import AbandonedError
from hdvg.storage import Storage

# A model's matrix products on one batch gain little from more threads; a second copy does.
_CPUS_A_WORKER = 8
# A worker that the kernel killed (no memory) is started again, and its unit with it.
_MAX_RESTARTS = 2

# "unit", "trouble" (what the user has to see to, or ""), and what the work itself counted.
Outcome = dict[str, Any]
# Does a unit of the dataset and commits, if the run that asked for it is still there just before.
UnitWork = Callable[[Storage, str, Callable[[], bool]], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a worker needs to know.

    Attributes:
        root: The dataset.
        owner: Whose claim of the dataset this is done under; a worker that outlives its run then
            commits nothing.
        prepare: Called once by each worker, to load a model; picklable.
        doing: What this is, for errors: "captioning".
    """

    root: str
    owner: str
    prepare: Callable[[], UnitWork]
    doing: str


@dataclass(frozen=True, kw_only=True)
class Workforce:
    """How many workers, and what each of them takes."""

    count: int
    cpus: int
    gpus: int


class Worker:
    """Loaded, and working on one unit after the other."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._storage = Storage(job.root)
        self._work = job.prepare()

    def work(self, unit: str) -> Outcome:
        """Does and commits a unit."""
        return try_unit(self._storage, unit, self._job.owner, self._work)


def plan_workforce(device: str, nodes: Sequence[Mapping[str, float]], num_units: int) -> Workforce:
    """One worker a GPU, or a worker for every eight cores of a machine.

    Args:
        device: "cuda" or "cpu".
        nodes: {"CPU": ..., "GPU": ...} of each machine, as Ray names them.
        num_units: Units to be done; there are no more workers than that.

    Raises:
        InputError: A GPU is asked for and there is none.
    """
    if device == "cuda":
        gpus = sum(int(node.get("GPU", 0)) for node in nodes)
        if not gpus:
            raise InputError("device is cuda, and there is no GPU")
        return Workforce(count=min(gpus, num_units), cpus=1, gpus=1)
    cores = [int(node["CPU"]) for node in nodes if node.get("CPU", 0) >= 1]
    each = min([_CPUS_A_WORKER, *cores])
    count = sum(number // each for number in cores)
    return Workforce(count=max(1, min(count, num_units)), cpus=each, gpus=0)


def list_nodes(ray: ModuleType | None) -> list[dict[str, float]]:
    """CPUs and GPUs of each machine of a cluster, or of this one where there is no cluster."""
    if ray is not None:
        return [node["Resources"] for node in ray.nodes() if node["Alive"]]
    import torch

    return [{"CPU": len(os.sched_getaffinity(0)), "GPU": torch.cuda.device_count()}]


def try_unit(storage: Storage, unit: str, owner: str, work: UnitWork) -> Outcome:
    """Does a unit; what the user has to see to is an outcome, too."""
    try:
        counts = work(storage, unit, lambda: is_claimed(storage, owner))
    except AbandonedError:
        return {"unit": unit, "trouble": "the run that asked for it has ended"}
    except (OSError, InputError) as error:
        return {"unit": unit, "trouble": str(error)}
    return {"unit": unit, "trouble": "", **counts}


def check_outcome(outcome: Outcome, doing: str) -> Outcome:
    """The outcome of a unit that was done.

    Raises:
        InputError: There was trouble.
    """
    if outcome["trouble"]:
        raise InputError(f"{doing} stopped at unit {outcome['unit']}: {outcome['trouble']}")
    return outcome


def work_here(job: Job, units: Sequence[str]) -> Iterator[Outcome]:
    """Does units in this process, one after the other.

    Raises:
        InputError: The model cannot be loaded or a unit not be written.
    """
    worker = Worker(job)
    for unit in units:
        yield check_outcome(worker.work(unit), job.doing)


def work_on_ray(
    ray: ModuleType, job: Job, units: Sequence[str], force: Workforce
) -> Iterator[Outcome]:
    """Does units by Ray actors; outcomes come in the order in which they are done.

    Raises:
        InputError: The model cannot be loaded, a unit not be written, or workers die.
    """
    from ray.exceptions import RayActorError
    from ray.util import ActorPool

    make = ray.remote(
        num_cpus=force.cpus,
        num_gpus=force.gpus,
        max_restarts=_MAX_RESTARTS,
        max_task_retries=_MAX_RESTARTS,
    )(Worker)
    pool = ActorPool([make.remote(job) for _ in range(force.count)])
    try:
        for outcome in pool.map_unordered(lambda actor, unit: actor.work.remote(unit), units):
            yield check_outcome(outcome, job.doing)
    except RayActorError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{job.doing} stopped, workers died (no memory?): {reason}") from error
