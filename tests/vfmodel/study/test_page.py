"""The page in a real browser, from the first click to the analysis."""

import json
import re
import shutil
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from vfmodel.study.analyse import analyse_study
from vfmodel.study.analysis import AnalyseConfig
from vfmodel.study.page import SERVER, draw_page
from vfmodel.study.study_folder import DAMAGED, MODELS, load_study, name_study
from vfmodel.study.vote_store import VoteStore

KEYS = {"left": "ArrowLeft", "tie": "ArrowDown", "right": "ArrowRight"}
QUICK = AnalyseConfig(replicates=100)


class Rater:
    """Somebody in front of a browser."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, page, width=1200):
        self.browser.open(page, width)
        # Eight times as fast: a test has not all day.
        self.run("[...document.querySelectorAll('video')].forEach(v => v.defaultPlaybackRate = 8)")

    def run(self, script):
        return self.browser.run(script)

    def click(self, name):
        self.run(f"document.getElementById({json.dumps(name)}).click()")

    def text(self, name):
        return self.run(f"document.getElementById({json.dumps(name)}).textContent")

    def press(self, *keys):
        for key in keys:
            for kind in ("keyDown", "keyUp"):
                self.browser._call("Input.dispatchKeyEvent", type=kind, key=key)

    def press_enter(self):
        """As a keyboard does it, so that the button in focus hears of it."""
        event = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self.browser._call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.browser._call("Input.dispatchKeyEvent", type="keyUp", **event)

    def wait(self, condition):
        for _ in range(200):
            if self.run(condition):
                return
            time.sleep(0.05)
        raise AssertionError(f"{condition}: {self.run('document.body.innerText')}")

    def start(self):
        self.click("start")
        self.wait("!document.getElementById('trial').hidden")

    def shown(self):
        """Names of the files on the left and on the right."""
        found = self.run("[...document.querySelectorAll('#stage video')].map(v => v.src)")
        return tuple(re.search(r"(\w+)\.mp4", address)[1] for address in found)

    def at(self):
        return int(self.text("count").split()[0])

    def chosen(self):
        return self.run("[...document.querySelectorAll('input:checked')].map(e => e.value)")

    def answer(self, *sides):
        """Answers by keyboard and goes on when it is allowed."""
        self.press(*(KEYS[side] for side in sides))
        self.wait("!document.getElementById('next').disabled")
        self.press("Enter")


@pytest.fixture
def rater(browser):
    yield Rater(browser)
    browser.open("about:blank")


@pytest.fixture
def page(built, tmp_path):
    """The static page at an address where the browser remembers nothing."""
    shutil.copytree(built / "public", tmp_path / "public")
    return tmp_path / "public/index.html"


def judge(study, left, right):
    """A rater who likes model "two" better, passes the checks, and thinks the text fits both."""
    clips = {c.name: (pair, c) for pair in study.pairs for c in (pair.first, pair.second)}
    pair, clip = clips[left]
    if pair.kind == MODELS:
        side = "left" if clip.model == "two" else "right"
    elif pair.kind == DAMAGED:
        side = "left" if clip == pair.first else "right"
    else:
        side = "tie"
    assert {left, right} == {pair.first.name, pair.second.name}
    return side, "tie", side


def forget(rater):
    rater.run("localStorage.clear()")


def test_from_the_first_click_to_the_analysis_without_a_server(built, page, rater, tmp_path):
    study = load_study(built)
    rater.open(page)
    forget(rater)
    rater.open(f"{page.as_uri()}?sheet=2")
    assert rater.text("amount") == "6 pairs, about 1 minute."
    rater.start()
    order = []
    for position in range(6):
        assert rater.at() == position + 1
        order.append(rater.shown())
        rater.answer(*judge(study, *order[-1]))
    expected = [tuple(clip.name for clip in study.shown(trial)) for trial in study.sheets[2]]
    assert order == expected
    assert rater.text("done-title") == "Thank you!"
    rater.browser._call(
        "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "down")
    )
    rater.click("download")
    for _ in range(100):
        found = list((tmp_path / "down").glob("answers-*.json"))
        if found:
            break
        time.sleep(0.05)
    assert rater.browser.log == []
    analysis = analyse_study(built, found, QUICK)
    assert (analysis.collected.raters, analysis.collected.checks_passed) == (1, 2)
    quality, text, overall = analysis.pairs
    assert (quality.losses.hits, quality.losses.count) == (4, 4)
    assert (text.ties.hits, overall.losses.hits) == (4, 4)
    assert analysis.collected.seconds > 0


def test_with_a_server_votes_arrive_and_wait_where_it_is_away(
    built, rater, tmp_path, study_tools, monkeypatch
):
    shutil.copytree(built, tmp_path / "study")
    study = load_study(tmp_path / "study")
    with study_tools.serving(tmp_path / "study") as server:
        port = server.server_address[1]
        rater.open(server.url)
        assert "saved as you go" in rater.text("privacy")
        rater.start()
        for _ in range(2):
            rater.answer(*judge(study, *rater.shown()))
        rater.wait("document.getElementById('saved').textContent === ''")
        assert server.desk.store.count() == (1, 2)
        # A reload keeps the place and the half-given answer.
        rater.press("ArrowLeft")
        before = rater.shown()
        rater.open(server.url)
        rater.wait("!document.getElementById('trial').hidden")
        assert (rater.at(), rater.shown(), rater.chosen()) == (3, before, ["left"])
        assert server.desk.store.count() == (1, 2)
        # An answer that is changed replaces the one before.
        rater.press("Backspace")
        assert rater.at() == 2
        rater.wait("document.querySelectorAll('input:checked').length === 3")
        rater.run("document.querySelector('[name=text][value=left]').click()")
        rater.press("Enter")
        monkeypatch.setattr(server.desk, "vote", lambda request: 1 / 0)
        monkeypatch.setattr(server, "handle_error", lambda *_: None)
        rater.answer(*judge(study, *rater.shown()))
        rater.wait("document.getElementById('saved').textContent.includes('not saved yet')")
        monkeypatch.undo()
        rater.wait("document.getElementById('saved').textContent === ''")
        rater.click("stop")
        assert "answered 3 of 6 pairs. All of them are saved" in rater.text("done-text")
        assert port == server.server_address[1]
    store = VoteStore(tmp_path / "study/votes.sqlite", study.study_id)
    [answers] = store.read([6] * 3)
    store.close()
    assert [a.position for a in answers.answers] == [0, 1, 2]
    assert answers.answers[1].choices["text"] == "left"


def test_the_videos_loop_in_step(page, rater):
    rater.open(page)
    forget(rater)
    rater.open(page)
    rater.start()
    rater.run("[...document.querySelectorAll('video')].forEach(v => v.playbackRate = 1)")
    gaps, times = [], []
    for _ in range(60):
        left, right = rater.run(
            "[...document.querySelectorAll('#stage video')].map(v => v.currentTime)"
        )
        gaps.append(abs(left - right))
        times.append(left)
        time.sleep(0.04)
    # A frame lasts 0.125 s. Around a jump back one of the two may be read first.
    assert sorted(gaps)[-6] < 0.125
    assert sum(b < a for a, b in pairwise(times)) >= 1
    boxes = rater.run(
        "[...document.querySelectorAll('#stage video')].map(v => [v.offsetWidth, v.offsetHeight,"
        " v.duration])"
    )
    assert boxes[0] == boxes[1]


def test_the_keyboard_answers_moves_and_pauses(page, rater):
    rater.open(page)
    forget(rater)
    rater.open(page)
    rater.press_enter()
    rater.wait("!document.getElementById('trial').hidden")
    active = "document.querySelector('fieldset.active').dataset.question"
    assert rater.run(active) == "quality"
    rater.press("1", "2")
    assert (rater.chosen(), rater.run(active)) == (["left", "tie"], "overall")
    rater.press("ArrowUp", "ArrowUp", "ArrowRight")
    assert rater.chosen() == ["right", "tie"]
    rater.press("Enter")
    assert rater.at() == 1
    assert rater.text("hint") == "1 to answer"
    rater.press("ArrowDown")
    rater.wait("!document.getElementById('next').disabled")
    rater.press(" ")
    rater.wait("[...document.querySelectorAll('#stage video')].every(v => v.paused)")
    rater.press(" ")
    rater.wait("[...document.querySelectorAll('#stage video')].every(v => !v.paused)")
    rater.press("Enter")
    assert (rater.at(), rater.chosen()) == (2, [])
    rater.press("Backspace")
    assert (rater.at(), rater.chosen()) == (1, ["right", "tie", "tie"])


def test_one_must_watch_to_the_end_once(page, rater):
    rater.open(page)
    forget(rater)
    rater.open(page)
    rater.run("[...document.querySelectorAll('video')].forEach(v => v.defaultPlaybackRate = 0.1)")
    rater.start()
    rater.press(" ", "1", "1", "1", "Enter")
    assert rater.at() == 1
    assert rater.text("hint") == "please watch to the end once"


def test_a_video_that_does_not_play_can_be_left_out(page, rater, built):
    for path in (page.parent / "media").iterdir():
        path.write_bytes(b"junk")
    rater.open(page)
    forget(rater)
    rater.open(page)
    rater.start()
    rater.wait("!document.getElementById('trouble').hidden")
    rater.click("skip")
    assert rater.at() == 2
    kept = json.loads(rater.run("Object.entries(localStorage)[0][1]"))
    assert kept["answers"]["0"]["skipped"] is True


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out_at_any_width(page, rater, width):
    rater.open(page, width)
    forget(rater)
    rater.open(page, width)
    sizes = [rater.run("document.documentElement.scrollWidth")]
    rater.start()
    rater.wait("!document.getElementById('stage').classList.contains('waiting')")
    sizes.append(rater.run("document.documentElement.scrollWidth"))
    labels = "[...document.querySelectorAll('.choices label')]"
    assert rater.run(f"Math.min(...{labels}.map(e => e.offsetHeight))") >= 36
    rater.click("stop")
    sizes.append(rater.run("document.documentElement.scrollWidth"))
    assert max(sizes) <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_background(page, rater, scheme):
    rater.open(page)
    rater.browser._call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    pairs = rater.run(
        "(() => { const s = getComputedStyle(document.documentElement); const c = n =>"
        " s.getPropertyValue(n).trim(); return [['--ink', '--paper'], ['--dim', '--paper'],"
        " ['--on-accent', '--accent'], ['--bad', '--paper'], ['--ink', '--soft'], ['--accent',"
        " '--paper']].map(p => p.map(c)); })()"
    )

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ink, paper in pairs:
        dark, light = sorted((luminance(ink), luminance(paper)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)
    rater.browser._call("Emulation.setEmulatedMedia", features=[])


def test_hostile_words_are_words(built, rater, tmp_path):
    evil = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    study = load_study(built)
    pairs = tuple(replace(pair, prompt=evil) for pair in study.pairs)
    (tmp_path / "index.html").write_text(
        draw_page(name_study(replace(study, pairs=pairs, title=evil + "@@script@@")))
    )
    rater.open(tmp_path / "index.html")
    assert evil in rater.run("document.querySelector('h1').textContent")
    rater.start()
    assert rater.text("prompt") == evil
    assert rater.run("window.hacked === undefined") is True


def test_no_other_script_runs_even_if_it_got_in(page, rater):
    text = page.read_text().replace("<main", "<script>window.hacked = 1</script><main", 1)
    page.write_text(text)
    rater.open(page)
    assert rater.run("window.hacked === undefined") is True
    assert "Content Security Policy" in " ".join(rater.browser.log)


def test_the_page_names_no_model_and_no_sheet_of_others(built):
    study = load_study(built)
    for collect in ("file", SERVER):
        page = draw_page(study, collect)
        data = json.loads(page.split('id="data">')[1].split("</script>")[0])
        assert set(data) == {"study", "collect", "size", "count", "prompts", "sheets"}
        assert bool(data["sheets"]) == (collect == "file")
        assert "@@" not in page
