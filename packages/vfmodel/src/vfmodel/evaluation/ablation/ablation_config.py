"""What an ablation trains, how often, and which rows its tables have."""

import re
from dataclasses import dataclass, field
from typing import Any

from hdvg.errors import InputError

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class AblationConfig:
    """Trainings that differ in one thing each, their evaluation, and their tables."""

    out: str = "runs/ablation"
    """Folder of the runs and of the tables."""
    fit: str = "configs/ablation/fit.yaml"
    """The `vfmodel fit` config that all runs share."""
    start: str = "shipped"
    """Model folder or hub id of ours that every run starts from, all but its block ends; `shipped`
    for the one that comes with the package."""
    variants: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """What a run changes, by the variant's name: in `unet` fields of `SwapUNetConfig` that bear on
    block ends, such as `block_end: add`, and in `fit` settings of the shared config."""
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    """Rows of the tables `ablation` and `dataset`, in order: variants, and what that table calls
    them."""
    seeds: list[int] = field(default_factory=lambda: [0, 1, 2])
    """Each variant is trained with each; a seed decides weights, noise and the order of the clips,
    the same for all variants."""
    protocol: str = "shapes"
    """Protocol of the evaluation."""
    num_samples: int | None = None
    """Fewer videos than the protocol has."""
    sampling_steps: int = 25
    """Denoising steps of every video."""
    workers: int = 2
    """Runs at a time; each has its share of the cores."""

    def __post_init__(self) -> None:
        for name in self.variants:
            if not _NAME.fullmatch(name):
                raise InputError(f"a variant's name must be letters, digits and _, got {name!r}")
            strange = sorted(set(self.variants[name]) - {"unet", "fit"})
            if strange:
                raise InputError(f"variant {name!r} changes {strange[0]!r}, not unet or fit")
        named = {name for rows in self.tables.values() for name in rows}
        unknown = sorted(named - set(self.variants))
        if unknown:
            raise InputError(f"tables name {unknown[0]!r}, which is no variant")
        if not self.variants:
            raise InputError("variants is empty")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise InputError(f"seeds must be different numbers, got {self.seeds}")
        if self.workers < 1 or self.sampling_steps < 1:
            raise InputError(
                f"workers and sampling_steps must be >= 1, got {self.workers} and"
                f" {self.sampling_steps}"
            )
