"""What was taken down and must never come back: videos and whole channels."""

from collections.abc import Iterable
from dataclasses import dataclass

from hdvg.failures import VideoFailure
from hdvg.manifest import read_table, table_file, write_rows
from hdvg.storage import Storage

VIDEO, CHANNEL = "video", "channel"


@dataclass(frozen=True, kw_only=True)
class Tombstones:
    """What a dataset must not hold.

    Attributes:
        videos: Video ids.
        channels: Channels, as the videos table names them.
    """

    videos: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def refuse(self, video_id: str, channel: str = "") -> None:
        """Fails a video that was taken down.

        Raises:
            VideoFailure: "purged".
        """
        if video_id in self.videos or (channel and channel in self.channels):
            raise VideoFailure("purged", "taken down")


def read_tombstones(storage: Storage) -> Tombstones:
    """What was taken down from a dataset; nothing if it has no such table."""
    name = table_file("tombstones")
    if not storage.exists(name):
        return Tombstones()
    rows = read_table(storage, "tombstones", name).to_pylist()
    found = {
        kind: frozenset(row["id"] for row in rows if row["kind"] == kind)
        for kind in (VIDEO, CHANNEL)
    }
    return Tombstones(videos=found[VIDEO], channels=found[CHANNEL])


def add_tombstones(
    storage: Storage, stones: Iterable[tuple[str, str]], reason: str, purged_at: str
) -> None:
    """Adds to the table; what stands there already keeps its reason and time.

    Args:
        storage: The dataset.
        stones: Pairs of a kind ("video" or "channel") and an id.
        reason: Why.
        purged_at: When, in UTC, such as 2026-01-31T12:00:00Z.
    """
    name = table_file("tombstones")
    old = read_table(storage, "tombstones", name).to_pylist() if storage.exists(name) else []
    rows = {(row["kind"], row["id"]): row for row in old}
    for kind, what in stones:
        row = {"kind": kind, "id": what, "reason": reason, "purged_at": purged_at}
        rows.setdefault((kind, what), row)
    write_rows(storage, "tombstones", name, [rows[key] for key in sorted(rows)])
