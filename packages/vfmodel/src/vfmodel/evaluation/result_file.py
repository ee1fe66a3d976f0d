"""What an evaluation leaves: one JSON file with figures and everything that they depend on."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.evaluation.generation.video_folder import replace_json
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.protocol import Protocol

RESULT_FILE = "result.json"
FORMAT, SCHEMA_VERSION = "vfmodel-evaluation", 1
_PACKAGES = ("vfmodel", "hdvg", "torch", "transformers", "diffusers", "av", "numpy")


def build_result(
    *,
    model: str,
    protocol: Protocol,
    figures: list[MetricResult],
    counts: dict[str, Any],
    real: dict[str, Any],
    made_with: dict[str, Any],
) -> dict[str, Any]:
    """Puts the file's content together.

    Args:
        model: What tables call the model.
        protocol: What was measured; its digest goes with every figure.
        figures: Of the metrics.
        counts: Videos asked for, there, scored, missing and broken, with names.
        real: Counts of the real videos.
        made_with: What the videos' folder says of itself.
    """
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "model": model,
        "protocol": {"label": protocol.label, "digest": protocol.digest, **asdict(protocol)},
        "figures": [{**figure.to_json(), "protocol": protocol.label} for figure in figures],
        "videos": counts,
        "real": real,
        "complete": is_complete(counts, real),
        "made_with": made_with,
        "environment": _environment(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(content))  # tuples become lists, as in the file
    return plain


def is_complete(counts: dict[str, Any], real: dict[str, Any]) -> bool:
    """Whether every video that the protocol wants was there and could be read."""
    return counts["scored"] == counts["asked"] and real["used"] == real["asked"]


def write_result(path: str | Path, result: dict[str, Any]) -> Path:
    """Writes a result file in one go; its folder is made."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_json(target, result)
    return target


def read_result(path: str | Path) -> dict[str, Any]:
    """Reads a result file.

    Raises:
        InputError: There is none, or it is something else.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"no result file: {path} ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path} is no result of `vfmodel evaluate`")
    if content.get("schema_version") != SCHEMA_VERSION:
        raise InputError(f"{path} has schema version {content.get('schema_version')}, not 1")
    found: dict[str, Any] = content
    return found


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
