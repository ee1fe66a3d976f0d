"""The demo's pictures: clips of the dataset, loss curves, and what was generated."""

import argparse
from pathlib import Path

import numpy as np

import hdvg
from hdvg.contact_sheet import save_contact_sheet
from hdvg.video import UInt8Video, decode, to_rgb
from pipelines.loss_curves import plot_losses

DATASET_SHEET, LOSSES, RESULTS_SHEET = "dataset.png", "losses.png", "results.png"
_CLIPS_SHOWN = 12


def main() -> None:
    """Draws the three pictures into the demo's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    draw_dataset(out / "dataset", out / DATASET_SHEET)
    runs = {"Swap-CA model": out / "model_run", "RCAN upscaler": out / "upscaler_run"}
    plot_losses(out / LOSSES, runs)
    draw_results(out / "clips", out / RESULTS_SHEET)


def draw_dataset(data: Path, picture: Path) -> None:
    """Clips from all over the dataset, with their captions."""
    clips = hdvg.ClipDataset(data, window="centre")
    places = np.linspace(0, len(clips) - 1, min(_CLIPS_SHOWN, len(clips))).astype(int)
    items = [clips[int(place)] for place in places]
    save_contact_sheet(picture, [(item["video"], item["caption"]) for item in items])


def draw_results(folder: Path, picture: Path) -> None:
    """Every generated clip beside its upscaled version."""
    cells = []
    for large in sorted(folder.glob("*_4x.mp4")):
        small = large.with_name(large.name.replace("_4x", ""))
        prompt = small.stem.replace("_", " ")
        cells += [(read_frames(small), prompt), (read_frames(large), f"{prompt} (4x)")]
    save_contact_sheet(picture, cells)


def read_frames(path: Path) -> UInt8Video:
    """Every frame of a short file, uint8 [T, 3, H, W]."""
    return np.stack([to_rgb(frame).transpose(2, 0, 1) for frame in decode(path)])


if __name__ == "__main__":
    main()
