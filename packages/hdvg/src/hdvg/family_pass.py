"""A pass over the committed units that a column family lacks: captions, scores, latents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from hdvg.catalogue import Catalogue
from hdvg.claim import claim
from hdvg.cluster import ray_session
from hdvg.commit_family import inputs_of
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.family_workers import (
    Job,
    Outcome,
    UnitWork,
    Workforce,
    list_nodes,
    plan_workforce,
    work_here,
    work_on_ray,
)
from hdvg.revise import remove_leftovers
from hdvg.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Session:
    """A dataset that this run has claimed for a pass, and the machines that it may use.

    Attributes:
        storage: The dataset.
        owner: What the claim yielded.
        catalogue: What was committed when the session began.
        nodes: CPUs and GPUs of each machine.
    """

    storage: Storage
    owner: str
    catalogue: Catalogue
    nodes: list[dict[str, float]]
    _stack: ExitStack
    _ray: ModuleType | None

    @property
    def has_gpu(self) -> bool:
        """Whether any machine has one."""
        return any(node.get("GPU") for node in self.nodes)

    def work(
        self, units: Sequence[str], device: str, doing: str, prepare: Callable[[], UnitWork]
    ) -> Iterator[Outcome]:
        """Does units, by one worker a GPU or a worker for every eight cores.

        Args:
            units: Those that lack.
            device: "cuda" or "cpu".
            doing: As in `Job`.
            prepare: As in `Job`.

        Raises:
            InputError: No GPU, a model that cannot be loaded, or a unit not be written.
        """
        # Before anything is done, and also where nothing is to do.
        force = plan_workforce(device, self.nodes, len(units))
        return self._outcomes(units, force, doing, prepare) if units else iter(())

    def _outcomes(
        self, units: Sequence[str], force: Workforce, doing: str, prepare: Callable[[], UnitWork]
    ) -> Iterator[Outcome]:
        job = Job(root=self.storage.root, owner=self.owner, prepare=prepare, doing=doing)
        ray = self._ray
        if ray is None and force.count > 1:
            ray = self._stack.enter_context(ray_session("", 0))
        yield from work_here(job, units) if ray is None else work_on_ray(ray, job, units, force)


@contextmanager
def open_pass(data: str, address: str) -> Iterator[Session]:
    """Claims a dataset and clears what killed writers left.

    Args:
        data: The dataset.
        address: A running Ray cluster to join; "" for this machine alone.

    Raises:
        InputError: No dataset, another process at work on it, or no cluster.
    """
    storage, _ = open_dataset(data)
    with ExitStack() as stack:
        owner = stack.enter_context(claim(storage))
        catalogue = Catalogue(storage)
        remove_leftovers(catalogue)
        ray = stack.enter_context(ray_session(address, 0)) if address else None
        yield Session(
            storage=storage,
            owner=owner,
            catalogue=catalogue,
            nodes=list_nodes(ray),
            _stack=stack,
            _ray=ray,
        )


def check_settings(
    catalogue: Catalogue, stage: str, settings: Mapping[str, Any], unless: Sequence[str] = ()
) -> None:
    """Makes sure that all units of a family are made in one way.

    Args:
        catalogue: The dataset.
        stage: The family's: "captions.blip2".
        settings: What its rows are to depend on.
        unless: Settings that may differ.

    Raises:
        InputError: The family was made with other settings.
    """
    kind, _, name = stage.partition(".")
    for commit in catalogue.commits.get(stage, {}).values():
        changed = [
            f"{key} (was {commit.settings.get(key)!r}, now {value!r})"
            for key, value in settings.items()
            if commit.settings.get(key) != value and key not in unless
        ]
        if changed:
            raise InputError(
                f"the {kind.removesuffix('s')} family {name!r} of {catalogue.storage.root} was made"
                f" with other settings: {', '.join(changed)}; choose another name with --family, or"
                " the old settings"
            )


def list_missing(catalogue: Catalogue, stage: str) -> dict[str, int]:
    """Units whose clips a family lacks, or has from other clips than there are now, with clips.

    Args:
        catalogue: The dataset.
        stage: The family's; `check_settings` sees to its settings.
    """
    missing = {}
    for unit, build in catalogue.commits.get(BUILD, {}).items():
        made = catalogue.find(stage, unit)
        if made is None or made.inputs != inputs_of(build, "clips/"):
            missing[unit] = build.rows["clips"]
    return missing
