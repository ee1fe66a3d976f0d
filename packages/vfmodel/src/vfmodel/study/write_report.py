"""An analysis as JSON, as Markdown and as a chart."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.evaluation.prompt_accuracy import Share
from vfmodel.study.analysis import Analysis, Interval
from vfmodel.study.answers import QUESTIONS
from vfmodel.study.draw_chart import draw_chart

JSON_FILE = "analysis.json"
MARKDOWN_FILE = "analysis.md"
CHART_FILE = "preferences.png"


def write_report(analysis: Analysis, out: Path) -> list[Path]:
    """Writes the three files into a folder, which is made.

    Raises:
        InputError: The folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = [out / JSON_FILE, out / MARKDOWN_FILE]
        written[0].write_text(json.dumps(as_json(analysis), indent=1) + "\n", encoding="utf-8")
        written[1].write_text(as_markdown(analysis), encoding="utf-8")
        return [*written, draw_chart(analysis, out / CHART_FILE)]
    except OSError as error:
        raise InputError(f"cannot write into {out}: {error.strerror}") from error


def as_json(analysis: Analysis) -> dict[str, Any]:
    """All results and what they rest on, without the single votes."""
    content = asdict(analysis)
    votes = content["collected"].pop("votes")
    content["collected"]["votes"] = len(votes)
    return content


def as_markdown(analysis: Analysis) -> str:
    """The results as tables for people."""
    lines = [f"# {analysis.title}", "", *_describe_votes(analysis), ""]
    lines += ["![preferences](preferences.png)", ""]
    for question, meaning in QUESTIONS.items():
        lines += [f"## {meaning[0].upper()}{meaning[1:]}", ""]
        lines += [
            "| models | votes | first wins | ties | second wins | first, of decided"
            " | first, ties as half | inflation |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for pair in analysis.pairs:
            if pair.question != question:
                continue
            parts = (pair.wins, pair.ties, pair.losses, pair.decided)
            shares = " | ".join("none" if part is None else _share(part) for part in parts)
            inflation = "" if pair.inflation is None else f"{pair.inflation:.1f}"
            lines.append(
                f"| {_cell(pair.first)} / {_cell(pair.second)} | {pair.wins.count} | {shares}"
                f" | {_interval(pair.preference, percent=True)} | {inflation} |"
            )
        lines += ["", *_list_strengths(analysis, question), ""]
    lines += [
        "Shares have Wilson's 95 % intervals, which take votes for independent. The last share and"
        " the strengths have 95 % intervals clustered by prompt and rater; where they disagree,"
        " believe these. Inflation: how many times larger the votes' dependence made the variance."
        " Strengths: Bradley-Terry with Davidson's ties, natural logarithms, mean 0; a difference d"
        " means that among decided votes the stronger wins 1 / (1 + exp(-d)).",
        "",
    ]
    return "\n".join(lines)


def _describe_votes(analysis: Analysis) -> list[str]:
    found = analysis.collected
    lines = [
        f"Study `{analysis.study_id}`: {len(found.votes)} votes on pairs of"
        f" {len(analysis.models)} models by {found.raters} raters; a pair took"
        f" {found.seconds:.0f} s (median).",
        "",
        f"- attention checks: {found.checks_passed} of {found.checks} passed; left out for failing"
        f" more than allowed: {found.inattentive} raters; for answering none: {found.unchecked}",
    ]
    if analysis.left is not None:
        lines.append(f"- votes for the left side, of decided: {_share(analysis.left)}")
    if found.skipped:
        lines.append(f"- pairs left out because a video did not play: {found.skipped}")
    if found.repeated:
        lines.append(f"- raters found twice, counted once: {found.repeated}")
    lines += [f"- not usable: {_cell(reason)}" for reason in found.bad_files]
    return lines


def _list_strengths(analysis: Analysis, question: str) -> list[str]:
    strengths = analysis.strengths.get(question)
    if strengths is None:
        return ["No strengths: not all models are linked by votes."]
    ranked = sorted(strengths.items(), key=lambda item: -item[1].value)
    lines = ["| model | strength |", "|---|---|"]
    return lines + [f"| {_cell(name)} | {_interval(value)} |" for name, value in ranked]


def _share(part: Share) -> str:
    return f"{100 * part.share:.1f} % [{100 * part.low:.1f}, {100 * part.high:.1f}]"


def _interval(interval: Interval, *, percent: bool = False) -> str:
    scale, digits, unit = (100, 1, " %") if percent else (1, 2, "")
    shown = f"{scale * interval.value:.{digits}f}{unit}"
    if interval.low is None or interval.high is None:
        return f"{shown} [unknown]"
    return f"{shown} [{scale * interval.low:.{digits}f}, {scale * interval.high:.{digits}f}]"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
