"""Figures that papers print, each with where it stands; nobody here has measured them."""

import json
from dataclasses import dataclass
from pathlib import Path

from hdvg.errors import InputError

_SHIPPED = Path(__file__).parent / "published.json"


@dataclass(frozen=True, kw_only=True)
class PublishedFigure:
    """One figure of a paper.

    Attributes:
        model: Whose.
        dataset: As `RealRule.dataset`.
        figure: As a metric is called, such as "FVD".
        value: As printed.
        source: Which paper prints it, and what is known of how it was measured.
        second_hand: Whether that is a later paper's table and not the model's own.
    """

    model: str
    dataset: str
    figure: str
    value: float
    source: str
    second_hand: bool = False

    @property
    def reference(self) -> str:
        """The source as a table's note gives it."""
        return f"as given by {self.source}" if self.second_hand else self.source


def read_published(path: str | Path = _SHIPPED) -> list[PublishedFigure]:
    """Reads published figures; by default those that ship with the package.

    Raises:
        InputError: Not a JSON array of such figures.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        figures = [PublishedFigure(**row) for row in rows]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"no published figures: {path} ({error})") from error
    for figure in figures:
        if not figure.source:
            raise InputError(f"{path} names no source for {figure.model}, {figure.figure}")
    return figures
