"""`vfmodel app` as a process, and a real browser in front of it."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request

import av
import numpy as np
import pytest

import vfmodel

PROMPT = "a red circle moving left"


@pytest.fixture
def model(tiny_pipeline, tmp_path):
    tiny_pipeline.save_pretrained(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.fixture
def app(model, tmp_path, monkeypatch):
    """The running process and its URL; its temporary files lie in tmp_path/scratch."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["app", "--model", model, "--upscaler", "vfsr.upscale", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vfmodel", *words], stdout=subprocess.PIPE, text=True
    )
    yield process, process.stdout.readline().split()[0]
    process.kill()
    process.wait()
    process.stdout.close()


class Visitor:
    """Somebody with the page open."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.open(url)
        self.until("!!document.querySelector('#make')")

    def until(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while not self.browser.run(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.1)

    def type(self, field, value):
        self.browser.run(
            f"""(() => {{
              const field = document.querySelector('{field}');
              const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
              set.set.call(field, {value!r});
              for (const event of ['input', 'change', 'blur'])
                field.dispatchEvent(new Event(event, {{bubbles: true}}));
            }})()"""
        )

    def press(self, selector):
        self.browser.run(f"document.querySelector('{selector}').click()")

    def until_idle(self):
        self.until("!!document.querySelector('#make') && !document.querySelector('#cancel')")

    def source(self):
        return self.browser.run("(document.querySelector('#video video') || {}).src || ''")


def decode(source):
    with av.open(source) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.slow
def test_from_a_prompt_to_the_video_that_generate_makes(app, browser, model, tmp_path):
    process, url = app
    visitor = Visitor(browser, url)
    visitor.type("#prompt textarea", PROMPT)
    visitor.press("#seed-row input[type=checkbox]")
    visitor.type("#seed-row input[type=number]", "7")
    visitor.press("#more button")
    visitor.until("!!document.querySelector('#steps input[type=number]')")
    visitor.type("#steps input[type=number]", "3")
    time.sleep(1)  # the page tells itself of changes with a delay
    visitor.press("#make")
    visitor.until("!!document.querySelector('#video video')")
    visitor.until_idle()

    shown = tmp_path / "shown.mp4"
    shown.write_bytes(urllib.request.urlopen(visitor.source()).read())
    expected = vfmodel.generate(PROMPT, model=model, seed=7, steps=3).save(tmp_path / "same.mp4")
    np.testing.assert_array_equal(decode(str(shown)), decode(str(expected)))
    assert visitor.browser.run("document.querySelector('#video video').loop") is True
    facts = visitor.browser.run("document.querySelector('#facts').innerText")
    assert facts.startswith("40 x 24, 3 frames at 4 a second, seed 7")

    visitor.press("#enlarge")
    visitor.until("document.querySelector('#facts').innerText.startsWith('160 x 96')")
    small = visitor.source()
    visitor.until("document.querySelectorAll('#gallery .thumbnail-item').length == 2")
    visitor.browser.run("document.querySelectorAll('#gallery .thumbnail-item')[1].click()")
    visitor.until("document.querySelector('#facts').innerText.startsWith('40 x 24')")
    assert visitor.source() != small
    strangers = [line for line in browser.log if "request:" in line and url not in line]
    assert strangers == []

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert list((tmp_path / "scratch").glob("vfmodel-app-*")) == []


@pytest.mark.slow
def test_a_mistake_is_told_and_a_long_video_can_be_cancelled(app, browser):
    visitor = Visitor(browser, app[1])
    visitor.press("#make")
    visitor.until("document.body.innerText.includes('the prompt is empty')")
    assert "Traceback" not in visitor.browser.run("document.body.innerText")
    visitor.type("#prompt textarea", PROMPT)
    visitor.press("#more button")
    visitor.until("!!document.querySelector('#steps input[type=number]')")
    visitor.type("#steps input[type=number]", "100")
    time.sleep(1)
    visitor.press("#make")
    visitor.until("!!document.querySelector('#cancel')")
    visitor.press("#cancel")
    visitor.until_idle()
    assert visitor.source() == ""
    visitor.type("#steps input[type=number]", "1")
    time.sleep(1)
    visitor.press("#make")
    visitor.until("!!document.querySelector('#video video')")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.slow
def test_nothing_sticks_out_of_the_page(app, browser, width):
    visitor = Visitor(browser, app[1])
    browser.open(app[1], width)
    visitor.until("!!document.querySelector('#make')")
    # Chromium rounds up: a page that is a part of a pixel too wide does not scroll.
    assert browser.run("document.documentElement.scrollWidth") <= width + 1
