"""The dataset that the shipped upscaler is trained on: rendered pictures, no photograph.

Clips hold two pictures each: in turn a scene of the shapes corpus, and dead leaves.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import table_file, write_rows
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import sample_scene
from hdvg.shards import TarWriter
from hdvg.video import UInt8Video, write_video
from vfsr.dead_leaves import render_dead_leaves

HEIGHT, WIDTH, FRAMES = 384, 704, 2


def write_dataset(folder: Path, clips: int) -> None:
    """Writes one committed unit, or leaves the one that stands there."""
    storage = create_dataset(folder, sources=["rendered"], config={"clips": clips})
    if storage.exists("commits/build/u0.json"):
        return
    rows = []
    with storage.writing("media/u0.tar") as file, TarWriter(file) as tar:
        for index, pictures in enumerate(_render(clips)):
            clip = write_video(folder / "clip.mp4", pictures.transpose(0, 3, 1, 2), 1, crf=6)
            member = tar.add(f"c{index}.mp4", clip.read_bytes())
            rows.append(_row(f"c{index}", vars(member)))
            clip.unlink()
    table = write_rows(storage, "clips", table_file("clips", "u0"), rows)
    files = (file.record, table)
    commit_unit(storage, Commit(stage="build", unit="u0", files=files, rows={"clips": clips}))


def _render(clips: int) -> Iterator[UInt8Video]:
    for seed in range(clips):
        rng = np.random.default_rng([2024, seed])
        if seed % 2:
            times_s = rng.uniform(0, 2, FRAMES).tolist()
            yield render_frames(sample_scene(rng, 2.0), times_s, HEIGHT, WIDTH)
        else:
            yield np.stack([render_dead_leaves(rng, HEIGHT, WIDTH) for _ in range(FRAMES)])


def _row(clip_id: str, member: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("start_pts", "scene_index", "lead_hidden_frames"), 0)
    row |= dict.fromkeys(("boundary_start", "boundary_end"), "video_edge")
    row |= {"clip_id": clip_id, "video_id": clip_id, "start_s": 0.0, "end_s": float(FRAMES)}
    row |= {"end_pts": FRAMES, "time_base_num": 1, "time_base_den": 1, "num_frames": FRAMES}
    row |= {"width": WIDTH, "height": HEIGHT, "fps": 1.0, "codec": "h264"}
    row |= {"cut_mode": "encode", "keyframe_s": 1.0}
    return row | {"shard": "media/u0.tar", **member}
