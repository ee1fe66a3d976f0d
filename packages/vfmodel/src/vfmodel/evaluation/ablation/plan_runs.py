"""The runs of an ablation and the settings of each; nothing is trained here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.ablation_config import AblationConfig

# Where `vfmodel fit` takes seeds from: weights and noise, and the order of the clips.
_SEEDED = (("model", "seed"), ("data", "seed"))
# What would make one variant's training longer than another's, or seed it otherwise.
_EQUAL = (("trainer", "max_steps"), ("data", "batch_size"), *_SEEDED)
START = "start"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training with its evaluation.

    Attributes:
        variant: Its name.
        seed: Of its weights, its noise and its order of clips.
        folder: Where everything of it lies.
        unet: Fields of the U-Net's config that the variant changes.
        settings: The whole `vfmodel fit` config.
    """

    variant: str
    seed: int
    folder: Path
    unet: dict[str, Any]
    settings: dict[str, Any]


def plan_runs(config: AblationConfig) -> list[Run]:
    """Every variant with every seed; all variants of the first seed come first.

    So a job that is cut off has whole columns rather than whole rows.

    Raises:
        InputError: The shared config cannot be read, or a variant changes what must be equal.
    """
    shared = _read(config.fit)
    out = Path(config.out)
    runs = []
    for seed in config.seeds:
        for name, changes in config.variants.items():
            fit = changes.get("fit", {})
            _check_equal(name, fit)
            folder = out / f"{name}_s{seed}"
            own = {
                "run": str(folder / "fit"),
                "model": {"init_from": str(folder / START), "unet": None},
            }
            settings = merge(merge(shared, fit), own)
            for part, key in _SEEDED:
                settings[part] = {**settings.get(part, {}), key: seed}
            unet = dict(changes.get("unet", {}))
            runs.append(Run(variant=name, seed=seed, folder=folder, unet=unet, settings=settings))
    return runs


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with others laid over them; anything but a mapping is replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _check_equal(name: str, changes: Mapping[str, Any]) -> None:
    """Refuses a variant that trains longer, or on batches of another size, than the others."""
    for part, key in _EQUAL:
        if key in changes.get(part, {}):
            raise InputError(f"variant {name!r} changes {part}.{key}, which all runs share")


def _read(path: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the shared config {path}: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"the shared config {path} is no mapping")
    return content
