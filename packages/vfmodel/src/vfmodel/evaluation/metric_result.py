"""What a metric has to say: a figure, how sure it is, and everything that it depends on."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MetricResult:
    """A figure with its interval."""

    name: str
    """Which figure it is; another feature network is another name ("FVD", "shapes-FVD")."""
    value: float
    """The figure itself."""
    low: float | None = None
    """Lower end of its 95 % interval; None if none was asked for or can be given."""
    high: float | None = None
    """Upper end."""
    num_samples: int
    """Videos that were judged."""
    higher_is_better: bool | None
    """None if more is neither better nor worse."""
    unit: str = ""
    """Such as "dB"; empty for a bare number."""
    details: dict[str, Any] = field(default_factory=dict)
    """What it depends on (feature network and checksum, settings) and what it is made of."""

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON takes them; a value that is not finite becomes None."""
        plain: dict[str, Any] = _finite(asdict(self))
        return plain


def _finite(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
