"""A small dataset with real media, and a real browser spoken to over its own protocol."""

import contextlib
import io
import itertools
import json
import os
import shutil
import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

NASTY = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
SIZE = (320, 180)
_PICTURE = {
    "width": SIZE[0],
    "height": SIZE[1],
    "fps": 25.0,
    "codec": "h264",
    "cut_mode": "encode",
    "boundary_start": "cut",
    "boundary_end": "fade",
}


def _render(seed):
    """Two seconds of noise that changes, at 25 frames a second, as H.264."""
    rng = np.random.default_rng(seed)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for index in range(50):
            small = rng.integers(0, 255, (9, 16, 3), np.uint8)
            frame = av.VideoFrame.from_image(Image.fromarray(small).resize(SIZE))
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def _jpeg(colour):
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def _failed(video_id, fail_class, code, message):
    return {
        "video_id": video_id,
        "status": "failed",
        "fail_class": fail_class,
        "fail_code": code,
        "fail_message": message,
        "retryable": fail_class == "transient",
    }


UNITS = {
    "u0": {
        "media": {"a_0.mp4": _render(0), "a_1.mp4": _render(1)},
        "keyframes": {"a_0.jpg": _jpeg("red"), "a_1.jpg": b"damaged"},
        "videos": [
            {
                "video_id": "a",
                "status": "ok",
                "title": "Balls",
                "label": "Sport",
                "locator": "https://films.test/a",
                "duration_s": 8.0,
                "num_scenes": 3,
                "num_clips": 2,
            },
            _failed("c", "content", "low_resolution", "height 240, wanted at least 720"),
        ],
        "clips": [
            {"clip_id": "a_0", "video_id": "a", "start_s": 1.0, "end_s": 3.0} | _PICTURE,
            {"clip_id": "a_1", "video_id": "a", "start_s": 65.0, "end_s": 67.0} | _PICTURE,
        ],
        "captions.alt_text": [
            {"clip_id": "a_0", "text": "a red ball"},
            {"clip_id": "a_1", "text": "a blue ball"},
        ],
        "scores.scan": [
            {"clip_id": "a_0", "watermark": 0.25, "motion": 1.0},
            {"clip_id": "a_1", "watermark": 0.75, "motion": 9.0},
        ],
    },
    "u1": {
        "media": {"b_0.mp4": _render(2)},
        "keyframes": {"b_0.jpg": _jpeg("blue")},
        "videos": [
            {
                "video_id": "b",
                "status": "ok",
                "title": NASTY,
                "categories": ["Film", "x"],
                "locator": "javascript:window.hacked=1",
                "duration_s": 4.0,
                "num_scenes": 1,
                "num_clips": 1,
            },
            _failed("d", "permanent", "private", NASTY),
            _failed("e", "transient", "timeout", "it took too long"),
            _failed("f", "transient", "timeout", "again"),
        ],
        "clips": [{"clip_id": "b_0", "video_id": "b", "end_s": 2.0} | _PICTURE],
        "captions.alt_text": [{"clip_id": "b_0", "text": NASTY}],
    },
}


@pytest.fixture(scope="session")
def data(write_tables, tmp_path_factory):
    """Root of a dataset of three clips of two videos, with four failed ones and hostile texts."""
    root = tmp_path_factory.mktemp("report") / "balls"
    return write_tables(root, UNITS, {"cut": {"crf": 18}, "unit_size": 2}).root


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

    def open(self, path, width=1200):
        """Loads a page at a width; `log` holds what it complained about and whom it called."""
        self.log, self._loaded = [], False
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._call("Page.navigate", url=path.as_uri())
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
