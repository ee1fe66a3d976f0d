"""A small dataset with media: a web video of two clips, one of them hiding frames, and a file."""

import io

import numpy as np
import pytest
from PIL import Image

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.cut_scenes import cut_scenes
from hdvg.probe import probe
from hdvg.video import decode, write_video

ID = "dQw4w9WgXcQ"
FPS = 25
# Clip id, first and last frame of the film; the film's only entry point is its first frame.
PARTS = {
    "first": (f"{ID}_000000000_000000400", 0, 10),
    "hidden": (f"{ID}_000000400_000001200", 10, 30),
    "file": ("holiday-1234abcd_000000000_000000400", 0, 10),
}


def _jpeg(level):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (level, level, level)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A film of 40 frames whose grey level is six times the frame's number."""
    levels = np.arange(40, dtype=np.uint8)[:, None, None, None] * 6
    return write_video(
        tmp_path_factory.mktemp("film") / "in.mp4", np.broadcast_to(levels, (40, 3, 48, 64)), FPS
    )


@pytest.fixture(scope="session")
def exported_from(film, make_scene, write_tables, tmp_path_factory):
    """The dataset."""
    facts = probe(film)
    frames = list(decode(film))
    ticks = [frame.pts for frame in frames]
    rows, media, pictures = {}, {}, {}
    for index, (name, (clip_id, first, last)) in enumerate(PARTS.items()):
        scene = make_scene(
            index=index,
            start_pts=ticks[first],
            end_pts=ticks[last],
            time_base=frames[0].time_base,
            num_frames=last - first,
        )
        [clip] = cut_scenes(film, [scene], facts, tmp_path_factory.mktemp("cut"), CutConfig())
        rows[name] = {
            "clip_id": clip_id,
            "video_id": clip_id.rsplit("_", 2)[0],
            "start_s": scene.start_s,
            "end_s": scene.end_s,
            "num_frames": clip.num_frames,
            "lead_hidden_frames": clip.lead_hidden_frames,
            "cut_mode": clip.cut_mode,
            "codec": clip.codec,
            "fps": float(FPS),
            "width": 64,
            "height": 48,
        }
        media[f"{clip_id}.mp4"] = clip.path.read_bytes()
        pictures[f"{clip_id}.jpg"] = _jpeg(50 * index)
    return write_tables(
        tmp_path_factory.mktemp("dataset") / "d",
        {"u00000": _unit(rows, media, pictures, ID, ID), "u00001": _unit(rows, media, pictures)},
    )


def _unit(rows, media, pictures, video_id="holiday-1234abcd", locator="holiday.mp4"):
    mine = [row for row in rows.values() if row["video_id"] == video_id]
    ids = [row["clip_id"] for row in mine]
    return {
        "media": {f"{name}.mp4": media[f"{name}.mp4"] for name in ids},
        "keyframes": {f"{name}.jpg": pictures[f"{name}.jpg"] for name in ids},
        "videos": [{"video_id": video_id, "locator": locator, "status": "ok", "license": "CC-BY"}],
        "clips": mine,
        "captions.alt_text": [{"clip_id": name, "text": f"grey, {name}"} for name in ids],
        "captions.blip2": [{"clip_id": ids[0], "text": "a wall"}],
    }


@pytest.fixture(scope="session")
def clip_ids():
    """Clip ids in the order of the dataset."""
    return [clip_id for clip_id, _, _ in PARTS.values()]
