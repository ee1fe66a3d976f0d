"""The dataset that the shipped upscaler is trained on: rendered pictures, and films if given."""

from pathlib import Path

from hdvg.commits import Commit, commit_unit
from hdvg.dataset_folder import create_dataset
from hdvg.manifest import table_file, write_rows
from hdvg.shards import TarWriter
from hdvg.video import write_video
from pipelines import draw_pictures as pictures


def write_dataset(folder: Path, clips: int, films: Path | None = None) -> None:
    """Writes one committed unit, or leaves the one that stands there.

    Raises:
        InputError: There is no film in the folder of films.
    """
    found = [] if films is None else pictures.find_films(films)
    storage = create_dataset(folder, sources=[str(films or "rendered")], config={"clips": clips})
    if storage.exists("commits/build/u0.json"):
        return
    rows = []
    with storage.writing("media/u0.tar") as file, TarWriter(file) as tar:
        for index, drawn in enumerate(pictures.draw_pictures(clips, found)):
            clip = write_video(folder / "clip.mp4", drawn.transpose(0, 3, 1, 2), 1, crf=6)
            member = tar.add(f"c{index}.mp4", clip.read_bytes())
            rows.append(_row(f"c{index}", vars(member)))
            clip.unlink()
    table = write_rows(storage, "clips", table_file("clips", "u0"), rows)
    files = (file.record, table)
    commit_unit(storage, Commit(stage="build", unit="u0", files=files, rows={"clips": clips}))


def _row(clip_id: str, member: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("start_pts", "scene_index", "lead_hidden_frames"), 0)
    row |= dict.fromkeys(("boundary_start", "boundary_end"), "video_edge")
    count = pictures.FRAMES
    row |= {"clip_id": clip_id, "video_id": clip_id, "start_s": 0.0, "end_s": float(count)}
    row |= {"end_pts": count, "time_base_num": 1, "time_base_den": 1, "num_frames": count}
    row |= {"width": pictures.WIDTH, "height": pictures.HEIGHT, "fps": 1.0, "codec": "h264"}
    row |= {"cut_mode": "encode", "keyframe_s": 1.0}
    return row | {"shard": "media/u0.tar", **member}
