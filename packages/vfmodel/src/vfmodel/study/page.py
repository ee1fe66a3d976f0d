"""Draws the page that raters see: one HTML file beside its videos, in words that name no model."""

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import Any

from vfmodel.study.study_folder import Study, Trial

FILE = "file"
"""Answers are downloaded by the rater; the page works without a server."""
SERVER = "server"
"""Answers go to `vfmodel study serve`."""


def draw_page(study: Study, collect: str = FILE) -> str:
    """The page as HTML.

    Args:
        study: What is asked.
        collect: `FILE` or `SERVER`. Without a server the page holds all sheets and picks one.
    """
    prompts = list(dict.fromkeys(pair.prompt for pair in study.pairs))
    sheets = [
        [[prompts.index(trial["prompt"]), trial["left"], trial["right"]] for trial in each]
        for each in (show_sheet(study, sheet) for sheet in study.sheets)
    ]
    data = {
        "study": study.study_id,
        "collect": collect,
        "size": [study.width, study.height],
        "count": len(study.sheets[0]),
        "prompts": prompts if collect == FILE else [],
        "sheets": sheets if collect == FILE else [],
    }
    style, script = _read("page.css"), _read("page.js")
    # A prompt may hold anything, also "</script>".
    shown = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "title": html.escape(study.title),
        "style_digest": _digest(style),
        "script_digest": _digest(script),
        "style": style,
        "data": shown,
        "script": script,
    }
    page = _read("page.html")
    head, *rest = page.split("@@")
    # Every other piece is a name; what is put in is not searched again.
    return head + "".join(
        parts[piece] if index % 2 == 0 else piece for index, piece in enumerate(rest)
    )


def show_sheet(study: Study, sheet: tuple[Trial, ...]) -> list[dict[str, Any]]:
    """What a rater's browser is told: texts, and files by names that say nothing."""
    trials = []
    for trial in sheet:
        left, right = study.shown(trial)
        prompt = study.pairs[trial.pair].prompt
        trials.append({"prompt": prompt, "left": left.name, "right": right.name})
    return trials


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return files("vfmodel.study").joinpath(name).read_text(encoding="utf-8")
