"""The paper's chart: how often raters preferred one model, by question and rival."""

from pathlib import Path
from typing import TYPE_CHECKING

from vfmodel.study.analysis import Analysis, PairResult
from vfmodel.study.answers import QUESTIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OURS, _TIE, _THEIRS = "#2f6fb3", "#d9d6cf", "#d98c3f"
_INK = "#1c1d21"
# Narrower parts have no room for a number.
_LEAST_LABELLED = 0.11


def draw_chart(analysis: Analysis, path: Path) -> Path:
    """Draws the first model against each rival that it met: a panel a question, a bar a rival.

    The whisker is Wilson's 95 % interval of the first model's share of all votes.

    Args:
        analysis: Results; where the first model met nobody, the first pair's first is taken.
        path: What to write; its ending says in which format.
    """
    from matplotlib.figure import Figure

    ours = next((p.first for p in analysis.pairs if p.first == analysis.models[0]), None)
    ours = ours or analysis.pairs[0].first
    rows = [pair for pair in analysis.pairs if pair.first == ours]
    rivals = list(dict.fromkeys(pair.second for pair in rows))
    figure = Figure(figsize=(10.5, 1.7 + 0.62 * len(rivals)), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(QUESTIONS), sharey=True, squeeze=False)[0]
    for panel, (question, meaning) in zip(panels, QUESTIONS.items(), strict=True):
        for pair in rows:
            if pair.question == question:
                _draw_bar(panel, rivals.index(pair.second), pair)
        panel.set_title(meaning, fontsize=11, color=_INK)
        panel.set_xlim(0, 1)
        panel.set_ylim(len(rivals) - 0.45, -0.55)
        panel.set_yticks(range(len(rivals)), [f"against {name}" for name in rivals])
        panel.set_xticks([0.25, 0.5, 0.75], ["25 %", "50 %", "75 %"])
        panel.axvline(0.5, color=_INK, linewidth=0.8, linestyle=(0, (2, 3)), zorder=0)
        panel.tick_params(length=0, labelsize=9.5, colors=_INK)
        for side in panel.spines.values():
            side.set_visible(False)
    handles = [panels[0].barh([0], [0], color=colour) for colour in (_OURS, _TIE, _THEIRS)]
    names = [ours, "no difference", "the other model"]
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9.5)
    figure.savefig(path, facecolor="white")
    return path


def _draw_bar(panel: "Axes", row: int, pair: PairResult) -> None:
    left = 0.0
    parts = ((pair.wins, _OURS, "white"), (pair.ties, _TIE, _INK), (pair.losses, _THEIRS, _INK))
    for part, colour, ink in parts:
        panel.barh(row, part.share, left=left, height=0.62, color=colour)
        if part.share >= _LEAST_LABELLED:
            panel.text(
                left + 0.015,
                row - 0.09,
                f"{100 * part.share:.0f} %",
                color=ink,
                va="center",
                fontsize=9,
            )
        left += part.share
    wins = pair.wins
    panel.errorbar(
        wins.share,
        row + 0.2,
        xerr=[[max(0.0, wins.share - wins.low)], [max(0.0, wins.high - wins.share)]],
        color=_INK,
        capsize=2.5,
        linewidth=1,
        zorder=4,
    )
