"""What tests of several folders share: a small dataset, sudden death, and a real browser."""

import contextlib
import hashlib
import io
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.dataset_folder import create_dataset
from hdvg.plan import plan_units, settle_plan
from hdvg.shards import pack
from hdvg.sources.source_video import SourceVideo, Span
from hdvg.storage import Storage
from hdvg.unit_tables import count_rows, write_unit


@pytest.fixture
def write_small_dataset():
    """Call it with a folder or URL: a dataset of two units, made without any video work.

    u00000 has the videos aa, bb and the failed cc, u00001 has dd and ee of the channel "ch". A
    sound video has two clips of random bytes, such as "aa-clip0". Beside what a build writes there
    are the families blip2 and repeats; "ee-clip0" counts as a copy of "aa-clip0".
    """
    return _write_small_dataset


def _write_small_dataset(root):
    storage = create_dataset(root, sources=["list.txt"], config={})
    ids = ("aa", "bb", "cc", "dd", "ee")
    span = Span(start_s=0.0, end_s=1.0, caption="words about aa", name="aa.1")
    videos = [
        SourceVideo(
            video_id=name, kind="file", locator=f"{name}.mp4", spans=(span,) * (name == "aa")
        )
        for name in ids
    ]
    settle_plan(storage, videos, unit_size=3)
    for unit, members in plan_units(videos, 3).items():
        _write_small_unit(storage, unit, [video.video_id for video in members])
    return storage


def _write_small_unit(storage, unit, ids):
    clip_ids = [f"{name}-clip{k}" for name in ids if name != "cc" for k in (0, 1)]
    payloads = {name: hashlib.sha512(name.encode()).digest() * 9 for name in clip_ids}
    media, members = pack({f"{name}.mp4": payload for name, payload in payloads.items()})
    keyframes, _ = pack({f"{name}.jpg": payload[:99] for name, payload in payloads.items()})
    tables = {
        "videos": [_small_video(name) for name in ids],
        "clips": [_small_clip(name, unit, members[f"{name}.mp4"]) for name in clip_ids],
        "captions.alt_text": [
            {"clip_id": name, "text": f"words about {name[:2]}", "source": "title"}
            for name in clip_ids
        ],
        "scores.scan": [_small_scan(name) for name in clip_ids],
    }
    files = [
        storage.write_bytes(f"media/{unit}.tar", media),
        storage.write_bytes(f"keyframes/{unit}.tar", keyframes),
        *write_unit(storage, unit, tables),
    ]
    commit_unit(
        storage, Commit(stage=BUILD, unit=unit, files=tuple(files), rows=count_rows(tables))
    )
    blip2 = [{"clip_id": name, "text": f"a picture of {name}", "source": "x"} for name in clip_ids]
    _write_small_family(storage, unit, "captions.blip2", "captions", blip2)
    copies = {"ee-clip0": "aa-clip0"}
    repeats = [
        {"clip_id": name, "duplicate_of": copies.get(name), "caption_repeats": 0}
        for name in clip_ids
    ]
    _write_small_family(storage, unit, "scores.repeats", "scores.repeats", repeats)


def _write_small_family(storage, unit, stage, counted, rows):
    clips = [r for r in read_commit(storage, BUILD, unit).files if r.name.startswith("clips/")]
    commit = Commit(
        stage=stage,
        unit=unit,
        files=tuple(write_unit(storage, unit, {stage: rows})),
        rows={counted: len(rows)},
        inputs={record.name: record.sha256 for record in clips},
    )
    commit_unit(storage, commit)


def _small_video(name):
    row = {
        "video_id": name,
        "source": "list.txt",
        "locator": f"{name}.mp4",
        "status": "ok",
        "retryable": False,
        "title": f"the film {name}",
        "channel": "ch" if name in ("dd", "ee") else None,
        "num_clips": 2,
    }
    if name == "cc":
        failure = {"fail_class": "transient", "fail_code": "timeout", "fail_message": "too slow"}
        row |= failure | {"status": "failed", "retryable": True, "num_clips": 0}
    return row


def _small_clip(clip_id, unit, member):
    index = int(clip_id[-1])
    return {
        "clip_id": clip_id,
        "video_id": clip_id[:2],
        "scene_index": index,
        "start_s": float(index),
        "end_s": index + 1.0,
        "start_pts": index,
        "end_pts": index + 1,
        "time_base_num": 1,
        "time_base_den": 1,
        "num_frames": 8,
        "width": 64,
        "height": 36,
        "fps": 8.0,
        "codec": "h264",
        "cut_mode": "encode",
        "lead_hidden_frames": 0,
        "boundary_start": "cut",
        "boundary_end": "cut",
        "keyframe_s": index + 0.5,
        "shard": f"media/{unit}.tar",
        "offset": member.offset,
        "nbytes": member.nbytes,
        "sha256": member.sha256,
    }


def _small_scan(clip_id):
    names = ("motion", "static_ratio", "luma", "contrast", "sharpness", "black_bars", "watermark")
    return {"clip_id": clip_id, **dict.fromkeys(names, 0.5), "fingerprint": 2**63 + 1}


@pytest.fixture(scope="session")
def filmed(tmp_path_factory):
    """Folder of a dataset whose clips are real files; copy it before you change it.

    u00000 has the clips a (3 s at 25 frames a second) and b (1.5 s at 8, with black bars), u00001
    has c (2 s at 30) and d (0.5 s at 25, too short for most windows).
    """
    storage = create_dataset(tmp_path_factory.mktemp("filmed") / "data", sources=["x"], config={})
    shapes = {"a": (3.0, 25), "b": (1.5, 8), "c": (2.0, 30), "d": (0.5, 25)}
    videos = [SourceVideo(video_id=n, kind="file", locator=f"{n}.mp4") for n in shapes]
    settle_plan(storage, videos, unit_size=2)
    for unit, members in plan_units(videos, 2).items():
        names = [video.video_id for video in members]
        _write_filmed_unit(storage, unit, {name: shapes[name] for name in names})
    return Path(storage.root)


def _write_filmed_unit(storage, unit, shapes):
    films = {f"{name}.mp4": _film(ord(name), *shape) for name, shape in shapes.items()}
    media, members = pack(films)
    black_bars = {"crop_x": 0, "crop_y": 8, "crop_width": 64, "crop_height": 32}
    clips = [
        _small_clip("x-0", unit, members[f"{name}.mp4"])
        | {"clip_id": name, "video_id": name, "start_s": 5.0, "end_s": 5.0 + duration_s}
        | {"num_frames": round(duration_s * fps), "width": 64, "height": 48, "fps": float(fps)}
        | (black_bars if name == "b" else {})
        for name, (duration_s, fps) in shapes.items()
    ]
    tables = {
        "videos": [_small_video(name) | {"num_clips": 1} for name in shapes],
        "clips": clips,
        "captions.alt_text": [
            {"clip_id": name, "text": f"words about {name}", "source": "title"} for name in shapes
        ],
    }
    files = (storage.write_bytes(f"media/{unit}.tar", media), *write_unit(storage, unit, tables))
    commit_unit(storage, Commit(stage=BUILD, unit=unit, files=files, rows=count_rows(tables)))


def _film(seed, duration_s, fps):
    """H.264 of coarse noise that drifts, so that no two frames are the same."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 40, 3), np.uint8)
    texture = noise.repeat(8, 0).repeat(8, 1)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.thread_count = 1
        for index in range(round(duration_s * fps)):
            picture = np.ascontiguousarray(texture[:, 3 * index : 3 * index + 64])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.fixture
def crash_at(monkeypatch):
    """Call it with n: the n-th change to any storage, counted from 1, raises instead; 0 disarms.

    A process killed between two changes leaves the same to whoever comes next. It raises a
    KeyboardInterrupt, which is no Exception, so that nothing takes it for a failed video.
    """
    left = [0]

    def counted(method):
        def count(self, name, *more):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return method(self, name, *more)

        return count

    for name in ("writing", "remove"):
        monkeypatch.setattr(Storage, name, counted(getattr(Storage, name)))

    def arm(number):
        left[0] = number

    return arm


class Browser:
    """A Chromium without a window; speaks its DevTools protocol over a pair of pipes."""

    def __init__(self, folder):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        options = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage"
        options += " --remote-debugging-pipe --no-first-run"
        # The protocol wants the descriptors 3 and 4.
        shell = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "-", program, *options.split(), f"--user-data-dir={folder}"],
            pass_fds=(to_browser, from_browser),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers = itertools.count(1)
        self._rest = b""
        self.log = []
        self._session = {}
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def _call(self, method, **params):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self):
        while b"\0" not in self._rest:
            part = os.read(self._in, 1 << 20)
            assert part, "the browser is gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        if event["method"] == "Page.loadEventFired":
            self._loaded = True
        elif event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:")):
                self.log.append(f"request: {url}")
        elif event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.log.append(json.dumps(event["params"]))
        elif event["method"] == "Runtime.consoleAPICalled":
            self.log.append(json.dumps(event["params"]["args"]))

    def open(self, page, width=1200):
        """Loads a URL or a path; `log` holds what it complained about and whom it called."""
        self.log, self._loaded = [], False
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        while not self._loaded:
            self._note(self._receive())

    def run(self, script):
        """The value of a JavaScript expression; a promise is waited for."""
        found = self._call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def close(self):
        """Ends the browser."""
        with contextlib.suppress(OSError):
            os.write(self._out, b'{"id":0,"method":"Browser.close"}\0')
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A real browser, or a skip where there is none."""
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()
