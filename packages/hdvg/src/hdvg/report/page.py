"""Draws the report: one HTML file that needs nothing beside it, and no network."""

import base64
import hashlib
import os
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from hdvg.errors import InputError
from hdvg.report.chart import HEIGHT, WIDTH
from hdvg.report.facts import Facts, gather_facts
from hdvg.report.gallery import GalleryClip, GalleryConfig, draw_gallery


def write_report(root: str, out: Path, gallery: GalleryConfig) -> Facts:
    """Reads a dataset and writes the page; it appears under its name when it is whole.

    Raises:
        InputError: Not a dataset, an unknown selection, damaged media, or a folder that cannot be
            written to.
    """
    if out.is_dir():
        raise InputError(f"cannot write {out}: it is a folder")
    catalogue, facts = gather_facts(root)
    page = draw_page(facts, draw_gallery(catalogue, gallery), gallery)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(out, page)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror}") from error
    return facts


def draw_page(facts: Facts, clips: list[GalleryClip], gallery: GalleryConfig) -> str:
    """The page as HTML. Every text that came from outside is escaped by the template engine."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["bytes"] = format_bytes
    environment.filters["clock"] = format_clock
    template = environment.from_string(_read("page.html"))
    script = _read("page.js")
    # The page's policy names its one script, so that no other runs even if an escape were missed.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.render(
        facts=facts,
        clips=clips,
        gallery=gallery,
        cards=[{k: v for k, v in asdict(c).items() if k not in ("video", "poster")} for c in clips],
        num_playable=sum(bool(clip.video) for clip in clips),
        style=_read("page.css"),
        script=script,
        script_digest=digest,
        chart_width=WIDTH,
        chart_height=HEIGHT,
    )


def format_bytes(count: float) -> str:
    """A size in the unit that leaves one to three digits before the point."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def format_clock(seconds: float) -> str:
    """A time as m:ss, or h:mm:ss from an hour on."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _write_whole(out: Path, page: str) -> None:
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _read(name: str) -> str:
    return files("hdvg.report").joinpath(name).read_text(encoding="utf-8")
