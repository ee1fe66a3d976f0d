"""`vfmodel study`: build, serve and analyse a human study, and plan its size."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words

if TYPE_CHECKING:
    from vfmodel.study.study_folder import Study

_USAGE = """usage: vfmodel study <step> [options]

steps:
  power    how many votes do I need:            vfmodel study power --win_share 0.6
  build    videos of the same prompts, paired:   vfmodel study build ours=A theirs=B --out STUDY
  serve    show the page and collect votes:     vfmodel study serve STUDY
  analyse  votes to figures and a chart:        vfmodel study analyse STUDY

`vfmodel study <step> --help` lists a step's options.
"""


def run_study(arguments: Sequence[str]) -> None:
    """Parses a command line and does one step.

    Args:
        arguments: What follows "study" on the command line.

    Raises:
        InputError: An unknown step or option, or what the step refuses.
    """
    steps: dict[str, Callable[[list[str]], None]] = {
        "power": _run_power,
        "build": _run_build,
        "serve": _run_serve,
        "analyse": _run_analyse,
    }
    words = list(arguments)
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_USAGE)
        return
    if words[0] not in steps:
        raise InputError(f"unknown step {words[0]!r}; the steps are {', '.join(steps)}")
    steps[words[0]](words[1:])


def parse_models(words: Sequence[str]) -> dict[str, Path]:
    """Model names and folders, given as name=folder or as a folder alone, whose name it takes.

    Raises:
        InputError: A name twice, or an empty one.
    """
    folders: dict[str, Path] = {}
    for word in words:
        name, separator, folder = word.partition("=")
        if not separator:
            name, folder = Path(word).resolve().name, word
        if not name.strip() or not folder:
            raise InputError(f"models are given as name=folder, got {word!r}")
        if name in folders:
            raise InputError(f"two models are called {name}")
        folders[name] = Path(folder)
    return folders


def _run_build(words: list[str]) -> None:
    from vfmodel.study.build import BuildConfig, build_study

    parser = new_parser(
        "study build", "Makes a blinded page of pairs of videos of the same prompts."
    )
    parser.add_argument(
        "models", nargs="+", help="Two or more name=folder, the model of interest first."
    )
    parser.add_argument("--out", required=True, type=str, help="The study's folder, a new one.")
    parser.add_class_arguments(BuildConfig, None)
    values, as_json = read_words(parser, words)
    out = Path(values.pop("out"))
    models = parse_models(values.pop("models"))
    study = build_study(models, out, BuildConfig(**values))
    facts = describe_study(study)
    sys.stdout.write(json.dumps(facts) + "\n" if as_json else format_study(facts, out))


def describe_study(study: "Study") -> dict[str, Any]:
    """What was built, for programs."""
    from vfmodel.study.study_folder import MODELS

    pairs = [pair for pair in study.pairs if pair.kind == MODELS]
    return {
        "study_id": study.study_id,
        "models": list(study.models),
        "pairs": len(pairs),
        "prompts": len({pair.prompt for pair in pairs}),
        "checks": len(study.pairs) - len(pairs),
        "trials_a_rater": len(study.sheets[0]),
        "sheets": len(study.sheets),
        "width": study.width,
        "height": study.height,
        "fps": study.fps,
        "seed": study.seed,
        "cropped": study.cropped,
        "lost": study.lost,
    }


def format_study(facts: dict[str, Any], out: Path) -> str:
    """What was built, for people: losses by name, and what to do next."""
    lines = [
        f"{out}: {facts['pairs']} pairs of {len(facts['models'])} models on {facts['prompts']}"
        f" prompts and {facts['checks']} checks, {facts['width']}x{facts['height']} at"
        f" {facts['fps']:g} frames a second; {facts['trials_a_rater']} for each rater",
    ]
    for model, share in facts["cropped"].items():
        if share > 0.01:
            lines.append(f"  {model}: {100 * share:.0f} % of the picture cut off to fit the others")
    for model, reasons in facts["lost"].items():
        for reason, names in reasons.items():
            shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            lines.append(f"  {model}: {reason}: {len(names)} ({shown})")
    lines.append(f"collect votes: vfmodel study serve {out}")
    lines.append(f"or give raters a copy of {out / 'public'} and collect the files they send back")
    return "\n".join(lines) + "\n"


def _run_serve(words: list[str]) -> None:
    from vfmodel.study.serve import ServeConfig, serve

    parser = new_parser("study serve", "Shows a study's page and keeps the votes beside it.")
    parser.add_argument("study", type=str, help="The study's folder.")
    parser.add_class_arguments(ServeConfig, None)
    values, _ = read_words(parser, words)
    folder = Path(values.pop("study"))
    serve(folder, ServeConfig(**values))


def _run_analyse(words: list[str]) -> None:
    from vfmodel.study.analyse import analyse_study
    from vfmodel.study.analysis import AnalyseConfig
    from vfmodel.study.write_report import as_json as to_json
    from vfmodel.study.write_report import as_markdown, write_report

    if find_spec("matplotlib") is None:
        raise InputError("the chart needs matplotlib: pip install 'vfmodel[evaluate]'")
    parser = new_parser("study analyse", "Turns the votes into figures with intervals and a chart.")
    parser.add_argument("study", type=str, help="The study's folder.")
    parser.add_argument(
        "answers",
        nargs="*",
        help="Files that raters sent, or folders of them, beside the votes that `serve` collected.",
    )
    parser.add_argument(
        "--out",
        type=str,
        help="Folder for analysis.json, analysis.md and preferences.png; by"
        " default the study's folder.",
    )
    parser.add_class_arguments(AnalyseConfig, None)
    values, as_json = read_words(parser, words)
    folder = Path(values.pop("study"))
    files, out = [Path(word) for word in values.pop("answers")], values.pop("out")
    analysis = analyse_study(folder, files, AnalyseConfig(**values))
    write_report(analysis, folder if out is None else Path(out))
    sys.stdout.write(json.dumps(to_json(analysis)) + "\n" if as_json else as_markdown(analysis))


def _run_power(words: list[str]) -> None:
    from vfmodel.study.power import PowerConfig, plan_votes

    parser = new_parser("study power", "Says how many votes a study needs, before it starts.")
    parser.add_class_arguments(PowerConfig, None)
    values, as_json = read_words(parser, words)
    config = PowerConfig(**values)
    needed = plan_votes(config)
    if as_json:
        sys.stdout.write(json.dumps(asdict(needed)) + "\n")
        return
    sys.stdout.write(
        f"{needed.votes} votes for each pair of models, {100 * config.tie_share:.0f} % of them"
        f" ties: {needed.raters} raters with {config.votes_a_rater:g} votes each, {needed.prompts}"
        f" prompts with {config.votes_a_prompt:g} each\n"
        f"{needed.independent_votes} decided votes would do if all were independent; prompts and"
        f" raters that repeat take {needed.inflation:.2f} times as many\n"
    )
