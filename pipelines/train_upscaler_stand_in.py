"""Trains the upscaler that ships with vfsr, from rendered pictures alone.

    python -m pipelines.train_upscaler_stand_in       # about 40 minutes on 2 cores

Writes a dataset of shapes scenes and dead leaves to data/upscaler_stand_in, trains on it as
configs/vfsr/stand_in.yaml says, and leaves the result, in half precision, in the package.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import table_file, write_rows
from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import sample_scene
from hdvg.shards import TarWriter
from hdvg.video import UInt8Video, write_video
from vfsr.dead_leaves import render_dead_leaves
from vfsr.fit_command import run_fit
from vfsr.weights import DEFAULT_MODEL, load_rcan, save_rcan

HEIGHT, WIDTH, FRAMES = 384, 704, 2


def main() -> None:
    """Renders, trains, ships."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--data", type=Path, default=Path("data/upscaler_stand_in"))
    parser.add_argument("--run", type=Path, default=Path("runs/upscaler_stand_in"))
    parser.add_argument("--out", type=Path, default=DEFAULT_MODEL)
    options = parser.parse_args()
    write_dataset(options.data, options.clips)
    config = ["--config", "configs/vfsr/stand_in.yaml", "--ckpt_path", "last"]
    run_fit(["fit", *config, "--data.root", str(options.data), "--run", str(options.run)])
    print(save_rcan(load_rcan(options.run / "model"), options.out, torch.float16))


def pictures(clips: int) -> Iterator[UInt8Video]:
    """Clips of two pictures: in turn a shapes scene at two times, and two dead-leaves pictures."""
    for seed in range(clips):
        rng = np.random.default_rng([2024, seed])
        if seed % 2:
            times_s = rng.uniform(0, 2, FRAMES).tolist()
            yield render_frames(sample_scene(rng, 2.0), times_s, HEIGHT, WIDTH)
        else:
            yield np.stack([render_dead_leaves(rng, HEIGHT, WIDTH) for _ in range(FRAMES)])


def write_dataset(folder: Path, clips: int) -> None:
    """Writes one committed unit, or leaves the one that stands there."""
    storage = create_dataset(folder, sources=["rendered"], config={"clips": clips})
    if storage.exists("commits/build/u0.json"):
        return
    rows = []
    with storage.writing("media/u0.tar") as file, TarWriter(file) as tar:
        for index, clip in enumerate(pictures(clips)):
            path = write_video(
                folder / "clip.mp4", np.ascontiguousarray(clip.transpose(0, 3, 1, 2)), 1, crf=6
            )
            member = tar.add(f"c{index}.mp4", path.read_bytes())
            rows.append(_row(f"c{index}", member.__dict__))
            path.unlink()
    table = write_rows(storage, "clips", table_file("clips", "u0"), rows)
    commit_unit(
        storage,
        Commit(stage="build", unit="u0", files=(file.record, table), rows={"clips": len(rows)}),
    )


def _row(clip_id: str, member: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("start_pts", "scene_index"), 0)
    row |= dict.fromkeys(("boundary_start", "boundary_end"), "video_edge")
    row |= {"clip_id": clip_id, "video_id": clip_id, "start_s": 0.0, "end_s": float(FRAMES)}
    row |= {"end_pts": FRAMES, "time_base_num": 1, "time_base_den": 1, "num_frames": FRAMES}
    row |= {"width": WIDTH, "height": HEIGHT, "fps": 1.0, "cut_mode": "encode", "keyframe_s": 1.0}
    return row | {"shard": "media/u0.tar", **member}


if __name__ == "__main__":
    main()
