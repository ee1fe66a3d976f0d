"""The work, in deterministic units: each is done, retried and committed as a whole."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

from hdvg.manifest import read_table, table_file, write_rows
from hdvg.sources.source_video import SourceVideo, Span
from hdvg.storage import Storage

Plan = dict[str, list[SourceVideo]]


def plan_units(videos: Sequence[SourceVideo], unit_size: int, first: int = 0) -> Plan:
    """Groups videos into units in the given order.

    Args:
        videos: What to group.
        unit_size: Videos a unit.
        first: Number of the first unit.
    """
    starts = range(0, len(videos), unit_size)
    return {
        f"u{first + number:05d}": list(videos[start : start + unit_size])
        for number, start in enumerate(starts)
    }


def settle_plan(storage: Storage, videos: Sequence[SourceVideo], unit_size: int) -> Plan:
    """Reads the plan of a dataset, or writes it if there is none.

    Videos that the source has gained since the plan was written go into new units behind the old
    ones; units that exist never change, since they may be committed already.
    """
    name = table_file("units")
    plan = read_plan(storage) if storage.exists(name) else {}
    known = {video.video_id for unit in plan.values() for video in unit}
    fresh = [video for video in videos if video.video_id not in known]
    if fresh:
        plan |= plan_units(fresh, unit_size, first=len(plan))
        _write_plan(storage, plan)
    return plan


def forget_spans(storage: Storage, video_ids: Collection[str]) -> None:
    """Empties what a list said about parts of videos that were taken down."""
    if not storage.exists(table_file("units")):
        return
    old = read_plan(storage)
    new = {
        unit: [replace(v, spans=()) if v.video_id in video_ids else v for v in videos]
        for unit, videos in old.items()
    }
    if new != old:
        _write_plan(storage, new)


def _write_plan(storage: Storage, plan: Plan) -> None:
    rows = [_row(unit, video) for unit, members in plan.items() for video in members]
    write_rows(storage, "units", table_file("units"), rows)


def read_plan(storage: Storage) -> Plan:
    """The units of a dataset, in order, each with its videos."""
    plan: Plan = {}
    for row in read_table(storage, "units", table_file("units")).to_pylist():
        plan.setdefault(row["unit"], []).append(_video(row))
    return plan


def _row(unit: str, video: SourceVideo) -> dict[str, Any]:
    return {
        "unit": unit,
        "video_id": video.video_id,
        "kind": video.kind,
        "locator": video.locator,
        "label": video.label or None,
        "spans": [asdict(span) for span in video.spans] or None,
    }


def _video(row: dict[str, Any]) -> SourceVideo:
    return SourceVideo(
        video_id=row["video_id"],
        kind=row["kind"],
        locator=row["locator"],
        label=row["label"] or "",
        spans=tuple(Span(**span) for span in row["spans"] or ()),
    )
