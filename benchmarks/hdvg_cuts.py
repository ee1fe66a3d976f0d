"""Precision, recall and F1 of cuts, fades and dissolves on rendered truth, beside PySceneDetect.

    python -m benchmarks.hdvg_cuts [--seeds 3] [--videos 18] [--tolerance 2] [--json OUT]

Videos of the shapes corpus are rendered from seeds that no threshold was chosen on; a third is
plain, the others carry a watermark, black bars, subtitles or an uneven frame rate, or stand still.
A found boundary is right if it lies within `--tolerance` frames of a rendered cut, or of the frames
of a rendered fade or dissolve (0.4 s on either side); a second one there is wrong. PySceneDetect's
detectors run as they come. "clean" is the part of scenes beside a fade or dissolve that holds no
frame mixed by more than a tenth.

The second table: planted still pictures, black bars and watermarks, with the scores as the build
writes them: static videos are refused, `black_bars` > 0.02, `watermark` >= 0.5.
"""

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from scenedetect import SceneDetector, detect
from scenedetect.detectors import (
    AdaptiveDetector,
    ContentDetector,
    HashDetector,
    HistogramDetector,
    ThresholdDetector,
)

from hdvg.failures import VideoFailure
from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.result import Scene
from hdvg.scan.scan_video import scan_video
from hdvg.shapes.corpus import CorpusConfig, VideoPlan, plan_corpus
from hdvg.shapes.film import TRANSITION_S, truth, write_film

FIRST_SEED = 1000
KINDS = ("cut", "fade", "dissolve")
TROUBLES = ("", "", "watermarked", "letterboxed", "subtitled", "vfr", "static")
DETECTORS: dict[str, Callable[[], SceneDetector]] = {
    "Adaptive": AdaptiveDetector,
    "Content": ContentDetector,
    "Threshold": ThresholdDetector,
    "Hash": HashDetector,
    "Histogram": HistogramDetector,
}
MIXED = 0.1
Span = tuple[float, float]
Counts = dict[str, int]


def plan_videos(seeds: int, videos: int, height: int) -> Iterator[VideoPlan]:
    """Plans of several scenes with troubles in turn, and single-scene ones with a watermark."""
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        config = CorpusConfig(
            num_videos=videos,
            num_web_videos=videos // 6,
            troubles=False,
            height=height,
            seed=seed,
        )
        for index, plan in enumerate(plan_corpus(config)):
            trouble = "" if plan.part == "web" else TROUBLES[index % len(TROUBLES)]
            yield dataclasses.replace(plan, trouble=trouble)


def find_ours(path: Path, config: ScanConfig) -> list[Scene]:
    """Our scenes; slideshows are not refused here."""
    patient = dataclasses.replace(config, static_level=1e-9)
    return list(scan_video(path, probe(path), patient).scenes)


def find_theirs(path: Path, name: str) -> list[Span]:
    """Scenes of a PySceneDetect detector, as start and end in seconds."""
    scenes = detect(str(path), DETECTORS[name](), start_in_scene=True)
    return [(start.seconds, end.seconds) for start, end in scenes]


def match(cuts: list[dict[str, Any]], found_s: list[float], slack_s: float) -> Counts:
    """Right and wrong boundaries by kind of the rendered one."""
    counts = {f"{kind}_{what}": 0 for kind in KINDS for what in ("there", "hit")}
    left = sorted(found_s)
    for cut in cuts:
        reach_s = slack_s + (0.0 if cut["transition"] == "cut" else TRANSITION_S)
        hits = [t for t in left if abs(t - cut["time_s"]) <= reach_s]
        counts[f"{cut['transition']}_there"] += 1
        counts[f"{cut['transition']}_hit"] += bool(hits)
        if hits:
            left.remove(min(hits, key=lambda t: abs(t - cut["time_s"])))
    return counts | {"found": len(found_s), "wrong": len(left)}


def count_clean(cuts: list[dict[str, Any]], scenes: list[Span], frame_s: float) -> Counts:
    """Scenes beside a soft transition, and how many of them hold no mixed frame of it."""
    deep_s = TRANSITION_S * (1 - MIXED) - frame_s
    soft = [cut["time_s"] for cut in cuts if cut["transition"] != "cut"]
    beside = clean = 0
    for start, end in scenes:
        near = [t for t in soft if start - 2 * TRANSITION_S < t < end + 2 * TRANSITION_S]
        beside += bool(near)
        clean += bool(near) and not any(start < t + deep_s and end > t - deep_s for t in near)
    return {"beside": beside, "clean": clean}


def rate(hit: int, of: int) -> float | None:
    """A part, None of nothing."""
    return round(hit / of, 4) if of else None


def summarise(total: Counts) -> dict[str, float | None]:
    """Rates from counts."""
    there = sum(total[f"{kind}_there"] for kind in KINDS)
    hit = sum(total[f"{kind}_hit"] for kind in KINDS)
    precision, recall = rate(total["found"] - total["wrong"], total["found"]), rate(hit, there)
    both = (precision or 0.0) + (recall or 0.0)
    f1 = round(2 * (precision or 0.0) * (recall or 0.0) / both, 4) if both else None
    by_kind = {
        f"recall_{kind}": rate(total[f"{kind}_hit"], total[f"{kind}_there"]) for kind in KINDS
    }
    clean = rate(total["clean"], total["beside"])
    return {"precision": precision, "recall": recall, "f1": f1, **by_kind, "clean": clean}


def add(total: Counts, more: Counts) -> None:
    """Adds counts in place."""
    for key, count in more.items():
        total[key] = total.get(key, 0) + count


def score_planted(path: Path, plan: VideoPlan, planted: dict[str, Counts]) -> None:
    """Counts what the scores say of planted trouble."""
    static, bars, mark = False, 0.0, 0.0
    try:
        scenes = scan_video(path, probe(path), ScanConfig(min_scene_s=0.5)).scenes
        bars, mark = scenes[0].scores.black_bars, scenes[0].scores.watermark
    except VideoFailure as failure:
        static = failure.code == "static"
    really = plan.trouble == "watermarked" or plan.part == "web"
    rows = {
        "static": (plan.trouble == "static", static),
        "letterboxed": (plan.trouble == "letterboxed", bars > 0.02),
        "watermarked": (really, mark >= 0.5),
    }
    for name, (is_so, said) in rows.items():
        if name == "static" or plan.trouble != "static":
            row = {"there": is_so, "said": said, "right": is_so and said}
            add(planted.setdefault(name, {}), {key: int(value) for key, value in row.items()})


def measure(
    path: Path, plan: VideoPlan, tolerance: int, totals: dict[str, Counts], by_kind: Counts
) -> None:
    """Compares every detector with the truth of one video."""
    real = truth(plan)
    frame_s = 1.0 / real["fps"]
    slack_s = tolerance * frame_s + 1e-6
    for name, fast in (("hdvg", False), ("hdvg fast", True)):
        scenes = find_ours(path, ScanConfig(min_scene_s=0.01, fast=fast))
        pairs = list(pairwise(scenes))
        found = [((a.end_s + b.start_s) / 2, b.boundary_start) for a, b in pairs]
        spans = [(scene.start_s, scene.end_s) for scene in scenes]
        add(totals.setdefault(name, {}), match(real["cuts"], [t for t, _ in found], slack_s))
        add(totals[name], count_clean(real["cuts"], spans, frame_s))
        if not fast:
            for kind in KINDS:
                ours = [t for t, said in found if said == kind]
                cuts = [cut for cut in real["cuts"] if cut["transition"] == kind]
                counts = match(cuts, ours, slack_s)
                keys = {"there": counts[f"{kind}_there"], "hit": counts[f"{kind}_hit"]}
                add(by_kind, {f"{kind}_{key}": count for key, count in keys.items()})
                add(by_kind, {f"{kind}_found": counts["found"], f"{kind}_wrong": counts["wrong"]})
    for name in DETECTORS:
        spans = find_theirs(path, name)
        found_s = [start for start, _ in spans[1:]]
        add(totals.setdefault(name, {}), match(real["cuts"], found_s, slack_s))
        add(totals[name], count_clean(real["cuts"], spans, frame_s))


def show(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Prints a Markdown table."""
    columns = list(next(iter(rows.values())))
    print(f"\n| {title} | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|")
    for name, row in rows.items():
        cells = ("-" if value is None else str(value) for value in row.values())
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--videos", type=int, default=18)
    parser.add_argument("--height", type=int, default=192)
    parser.add_argument("--tolerance", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    totals: dict[str, Counts] = {}
    planted: dict[str, Counts] = {}
    by_kind: Counts = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        for plan in plan_videos(options.seeds, options.videos, options.height):
            write_film(plan, path)
            score_planted(path, plan, planted)
            if plan.trouble != "static":
                measure(path, plan, options.tolerance, totals, by_kind)
    detectors = {name: summarise(total) for name, total in totals.items()}
    kinds = {}
    for kind in KINDS:
        found, wrong = by_kind[f"{kind}_found"], by_kind[f"{kind}_wrong"]
        hit, there = by_kind[f"{kind}_hit"], by_kind[f"{kind}_there"]
        kinds[kind] = {
            "there": there,
            "precision": rate(found - wrong, found),
            "recall": rate(hit, there),
        }
    scores = {
        name: {
            "there": row["there"],
            "precision": rate(row["right"], row["said"]),
            "recall": rate(row["right"], row["there"]),
        }
        for name, row in planted.items()
    }
    show("detector", detectors)
    show("hdvg, by kind as it says", kinds)
    show("planted", scores)
    if options.json:
        report = {"options": vars(options) | {"json": str(options.json)}}
        report |= {"detectors": detectors, "kinds": kinds, "planted": scores}
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
