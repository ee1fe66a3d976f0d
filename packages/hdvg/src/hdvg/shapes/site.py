"""Writes a planned corpus to disk: the site that a build may see, and the truth apart from it.

<out>/site/media/<id>.mp4      the videos
<out>/site/watch/<id>.html     a page each, with JSON-LD that video downloaders read
<out>/site/urls.txt            every page; hd.txt and web.txt list the two parts
<out>/truth/videos.json        what is in each video
<out>/truth/corpus.json        the config, written first
<out>/truth/complete           written last
"""

import html
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from hdvg.scratch import hold
from hdvg.shapes.corpus import CorpusConfig, VideoPlan, plan_corpus
from hdvg.shapes.film import truth, write_film
from hdvg.shapes.scene import caption

# Stands for http://host:port in the pages; the server puts its own address there.
BASE_PLACEHOLDER = "@BASE@"
# Encoding and scaling release the interpreter's lock, so threads use both cores of a small machine.
_THREADS = 2

_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title>
<script type="application/ld+json">{json_ld}</script>
</head><body><h1>{title}</h1><p>{description}</p></body></html>
"""


def write_site(
    out: Path, config: CorpusConfig, progress: Callable[[int], None] | None = None
) -> Path:
    """Renders a corpus under `out`, or finishes one that was begun; a complete one is left alone.

    Args:
        out: Folder of the corpus.
        config: What to render.
        progress: Called with the number of videos done after each one.

    Returns:
        The `site` folder.

    Raises:
        InputError: `out` holds something else, or a corpus of another config, or is being
            rendered by another process.
    """
    check_folder(out, config)
    if not (out / "truth" / "complete").exists():
        with hold(out, keep="truth"):
            _render(out, config, progress)
    return out / "site"


def check_folder(out: Path, config: CorpusConfig) -> None:
    """Makes sure that a corpus can be, or has been, rendered into a folder.

    Raises:
        InputError: `out` holds something else, or a corpus of another config.
    """
    marker = out / "truth" / "corpus.json"
    if marker.exists():
        found = json.loads(marker.read_text())
        if found != asdict(config):
            raise InputError(f"{out} holds a corpus of another config: {found}")
    elif out.is_dir() and any(path.name[0] != "." for path in out.iterdir()):
        raise InputError(f"{out} is not empty and is not a shapes corpus")


def _render(out: Path, config: CorpusConfig, progress: Callable[[int], None] | None) -> None:
    site, hidden = out / "site", out / "truth"
    hidden.mkdir(parents=True, exist_ok=True)
    _write_whole(hidden / "corpus.json", json.dumps(asdict(config)))
    for folder in (site / "media", site / "watch"):
        folder.mkdir(parents=True, exist_ok=True)
    plans = plan_corpus(config)
    with ThreadPoolExecutor(_THREADS) as pool:
        # The longest first, so that no thread is left alone with one at the end.
        longest_first = sorted(plans, key=lambda plan: -len(plan.scenes) * plan.height)
        jobs = [pool.submit(_write_video, plan, site) for plan in longest_first]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            if progress is not None:
                progress(done)
    for name, part in (("urls.txt", None), ("hd.txt", "hd"), ("web.txt", "web")):
        listed = [plan.video_id for plan in plans if part in (None, plan.part)]
        (site / name).write_text("".join(f"watch/{video_id}.html\n" for video_id in listed))
    (hidden / "videos.json").write_text(json.dumps([truth(plan) for plan in plans], indent=1))
    (hidden / "complete").touch()


def read_truth(out: Path) -> dict[str, dict[str, Any]]:
    """The truth about each video of a rendered corpus by its id; see `film.truth`."""
    rows = json.loads((out / "truth" / "videos.json").read_text())
    return {row["video_id"]: row for row in rows}


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)


def _write_video(plan: VideoPlan, site: Path) -> None:
    media = site / "media" / f"{plan.video_id}.mp4"
    if not media.exists():
        write_film(plan, media)
    if plan.trouble != "missing":
        (site / "watch" / f"{plan.video_id}.html").write_text(_page(plan))


def _page(plan: VideoPlan) -> str:
    ends = list(accumulate(scene.duration_s for scene in plan.scenes))
    json_ld: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": plan.title,
        "description": plan.description,
        "duration": f"PT{ends[-1]:.3f}S",
        "contentUrl": f"{BASE_PLACEHOLDER}/media/{plan.video_id}.mp4",
    }
    if plan.part == "hd":
        json_ld["hasPart"] = [
            {
                "@type": "Clip",
                "name": caption(scene),
                "startOffset": round(end - scene.duration_s, 3),
                "endOffset": round(end, 3),
            }
            for scene, end in zip(plan.scenes, ends, strict=True)
        ]
    return _PAGE.format(
        title=html.escape(plan.title),
        description=html.escape(plan.description),
        json_ld=json.dumps(json_ld),
    )
