"""Who captions: this process alone, or Ray actors, each with a model of its own."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from hdvg.captioning.caption_unit import Family, caption_unit
from hdvg.captioning.captioner import CaptionerConfig, load_captioner
from hdvg.claim import is_claimed
from hdvg.errors import InputError
from hdvg.make_unit import AbandonedError
from hdvg.storage import Storage

# A model's matrix products on one batch gain little from more threads; a second copy does.
_CPUS_A_WORKER = 8
# A captioner that the kernel killed (no memory) is started again, and its unit with it.
_MAX_RESTARTS = 2

Outcome = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a captioner needs to know.

    Attributes:
        root: The dataset.
        family: Where the captions go.
        captioner: A settled config.
        batch_size: Keyframes at a time.
        owner: Whose claim of the dataset this is done under; a captioner that outlives its run
            then commits nothing.
    """

    root: str
    family: Family
    captioner: CaptionerConfig
    batch_size: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class Workforce:
    """How many captioners, and what each of them takes."""

    count: int
    cpus: int
    gpus: int


class CaptionWorker:
    """A loaded captioner that works on one unit after the other."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._storage = Storage(job.root)
        self._captioner = load_captioner(job.captioner, job.family.settings["revision"])

    def caption(self, unit: str) -> Outcome:
        """Captions and commits a unit.

        Returns:
            Its name, the counts of `caption_unit`, and "trouble": what the user has to see to.
        """
        try:
            counts = caption_unit(
                self._storage,
                unit,
                self._job.family,
                self._captioner,
                self._job.batch_size,
                wanted=lambda: is_claimed(self._storage, self._job.owner),
            )
        except AbandonedError:
            return {"unit": unit, "trouble": "the run that asked for it has ended"}
        except (OSError, InputError) as error:
            return {"unit": unit, "trouble": str(error)}
        return {"unit": unit, "trouble": "", **counts}


def plan_workforce(device: str, nodes: Sequence[Mapping[str, float]], num_units: int) -> Workforce:
    """One captioner a GPU, or a CPU captioner for every eight cores of a machine.

    Args:
        device: "cuda" or "cpu".
        nodes: {"CPU": ..., "GPU": ...} of each machine, as Ray names them.
        num_units: Units to be captioned; there are no more captioners than that.

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


def caption_here(job: Job, units: Sequence[str]) -> Iterator[Outcome]:
    """Captions units in this process, one after the other.

    Raises:
        InputError: The model cannot be loaded or a unit not be written.
    """
    worker = CaptionWorker(job)
    for unit in units:
        yield _checked(worker.caption(unit))


def caption_on_ray(
    ray: ModuleType, job: Job, units: Sequence[str], force: Workforce
) -> Iterator[Outcome]:
    """Captions units by Ray actors; outcomes come in the order in which they are done.

    Raises:
        InputError: The model cannot be loaded, a unit not be written, or captioners die.
    """
    from ray.exceptions import RayActorError
    from ray.util import ActorPool

    make = ray.remote(
        num_cpus=force.cpus,
        num_gpus=force.gpus,
        max_restarts=_MAX_RESTARTS,
        max_task_retries=_MAX_RESTARTS,
    )(CaptionWorker)
    pool = ActorPool([make.remote(job) for _ in range(force.count)])
    try:
        for outcome in pool.map_unordered(lambda actor, unit: actor.caption.remote(unit), units):
            yield _checked(outcome)
    except RayActorError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"the captioners died (out of memory?): {reason}") from error


def _checked(outcome: Outcome) -> Outcome:
    if outcome["trouble"]:
        raise InputError(f"captioning stopped at unit {outcome['unit']}: {outcome['trouble']}")
    return outcome
