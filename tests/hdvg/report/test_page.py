"""The page in a real browser, with hostile titles, captions and links in it."""

import json
import re
from html.parser import HTMLParser

import av
import pytest
from PIL import Image

from hdvg.cut.copy_packets import copy_packets
from hdvg.cut.packet_table import plan_copy, read_packet_table
from hdvg.errors import InputError
from hdvg.report.gallery import GalleryConfig
from hdvg.report.page import format_bytes, format_clock, write_report

VOID = {"meta", "link", "img", "input", "br"}


@pytest.fixture(scope="module")
def page(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "new/report.html"
    write_report(data, out, GalleryConfig())
    return out


class Outline(HTMLParser):
    """Tags that are open, ids, and every address that a browser would follow."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.bare = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.addresses += [attrs[name] for name in ("src", "href") if name in attrs]
        if tag == "img" and not attrs.get("alt"):
            self.bare.append(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_one_sound_document_that_needs_nothing_else(page):
    outline = Outline()
    outline.feed(page.read_text())
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    anchors = {address[1:] for address in outline.addresses if address.startswith("#")}
    assert anchors <= set(outline.ids)
    outside = {a for a in outline.addresses if not a.startswith(("#", "data:"))}
    assert outside == {"https://films.test/a"}
    assert outline.bare == []
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


def test_it_loads_without_complaint_or_request_and_runs_nothing_foreign(page, browser):
    browser.open(page)
    assert browser.run("document.querySelectorAll('.card').length") == 3
    assert browser.run("window.hacked === undefined") is True
    titles = browser.run("[...document.querySelectorAll('.caption')].map(e => e.textContent)")
    assert "window.hacked = 1" in titles[2]
    assert browser.log == []


def test_no_other_script_runs_even_if_it_got_in(page, browser, tmp_path):
    open_door = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1' alt=x>"
    hurt = tmp_path / "hurt.html"
    hurt.write_text(page.read_text().replace("<main>", f"<main>{open_door}"))
    browser.open(hurt)
    assert browser.run("document.querySelectorAll('.card').length") == 3
    assert browser.run("window.hacked === undefined") is True
    assert "Content Security Policy" in " ".join(browser.log)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_at_any_width(page, browser, width):
    browser.open(page, width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    narrow = "e => e.innerText.length > 3 && e.offsetWidth < 30"
    cells = "[...document.querySelectorAll('td, tbody th')]"
    assert browser.run(f"{cells}.filter({narrow}).map(e => e.innerText)") == []
    assert browser.run("Math.max(...[...document.querySelectorAll('.card')].map(e =>"
                       " e.getBoundingClientRect().right))") <= width  # fmt: skip


def _shown(browser):
    return browser.run(
        "[...document.querySelectorAll('.card')].filter(e => e.offsetParent).map(e =>"
        " e.querySelector('summary').textContent)"
    )


def _set(browser, name, value):
    browser.run(
        f"(() => {{ const box = document.getElementById({json.dumps(name)});"
        f" box.value = {json.dumps(value)};"
        " box.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def test_the_gallery_is_searched_filtered_and_sorted(page, browser):
    browser.open(page)
    assert _shown(browser) == ["a_0", "a_1", "b_0"]
    _set(browser, "search", "BALL red")
    assert _shown(browser) == ["a_0"]
    assert browser.run("document.getElementById('shown').textContent") == "1 shown"
    _set(browser, "search", "no such words")
    assert _shown(browser) == []
    assert browser.run("document.getElementById('nothing').offsetParent !== null")
    _set(browser, "search", "")
    _set(browser, "category", "Film")
    assert _shown(browser) == ["b_0"]
    _set(browser, "category", "")
    _set(browser, "sort", "motion")
    assert _shown(browser) == ["a_1", "a_0", "b_0"]
    assert browser.log == []


def test_a_clip_plays(page, browser):
    browser.open(page)
    browser.run("document.querySelector('.card[data-index=\"1\"] .play').click()")
    played = browser.run(
        "new Promise((done) => { const video = document.querySelector('video');"
        " const look = () => video.currentTime > 0.2"
        " ? done([video.readyState, video.videoWidth, video.duration, video.error])"
        " : setTimeout(look, 50); look(); })"
    )
    assert played[0] >= 2
    assert played[1] == 320
    assert played[2] == pytest.approx(2.0, abs=0.05)
    assert played[3] is None
    assert browser.log == []


def test_figures_stand_where_a_person_looks(page, browser):
    browser.open(page)
    text = re.sub(r"\s+", " ", browser.run("document.body.innerText"))
    assert "videos that gave clips 2 of 6" in text
    for words in ("2 timeout", "1 low_resolution", "cut.crf 18", "may succeed", "Balls"):
        assert words in text


def test_a_page_that_cannot_be_written_is_named(data, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write .*report\.html: File exists"):
        write_report(data, tmp_path / "file/report.html", GalleryConfig(clips=0))
    with pytest.raises(InputError, match="cannot write"):
        write_report(data, tmp_path, GalleryConfig(clips=0))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_sizes_and_times_are_short():
    assert [format_bytes(n) for n in (0, 999, 1234, 51.6e6, 2.5e12, 4e15)] == [
        "0 B", "999 B", "1.23 kB", "51.6 MB", "2.5 TB", "4,000.0 TB",
    ]  # fmt: skip
    assert [format_clock(s) for s in (0, 61.9, 3600, 36_061)] == [
        "0:00", "1:01", "1:00:00", "10:01:01",
    ]  # fmt: skip


@pytest.fixture
def copied(write_tables, make_scene, tmp_path):
    """A dataset of one copied clip: a red second, hidden by the edit list, then two blue ones."""
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w", format="mp4") as container:
        # No keyframe at the change of colour, so that red frames have to lead the blue ones.
        stream = container.add_stream("libx264", rate=25, options={"x264-params": "scenecut=0"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(75):
            image = Image.new("RGB", (320, 180), (200, 30, 30) if index < 25 else (30, 30, 200))
            frame = av.VideoFrame.from_image(image)
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    table = read_packet_table(film)
    tick = table.time_base.denominator
    times = {"start_pts": tick, "end_pts": 3 * tick, "time_base": table.time_base}
    plan = plan_copy(table, make_scene(num_frames=50, **times))
    (clip,) = copy_packets(film, table, [plan], tmp_path)
    assert clip.lead_hidden_frames == 25
    row = {"clip_id": "a_0", "video_id": "a", "end_s": 2.0, "codec": "h264", "width": 320}
    unit = {
        "media": {"a_0.mp4": clip.path.read_bytes()},
        "videos": [{"video_id": "a", "status": "ok"}],
        "clips": [row | {"height": 180, "cut_mode": "lossless"}],
    }
    return write_tables(tmp_path / "copied", {"u": unit}).root


def test_a_copied_clip_begins_with_its_first_shown_frame(copied, browser, tmp_path):
    page = tmp_path / "report.html"
    write_report(copied, page, GalleryConfig())
    browser.open(page)
    browser.run("document.querySelector('.play').click()")
    duration, first, later = browser.run(
        """new Promise((done) => {
            const video = document.querySelector('video'), found = [];
            const often = {willReadFrequently: true};
            const canvas = document.createElement('canvas').getContext('2d', often);
            const look = () => {
                canvas.drawImage(video, 0, 0, 8, 8);
                found.push([...canvas.getImageData(4, 4, 1, 1).data]);
                if (found.length < 2) video.currentTime = 1.5;
                else done([video.duration, ...found]);
            };
            video.addEventListener('loadeddata', () => {
                video.pause();
                video.addEventListener('seeked', look);
                video.currentTime = 0;
            });
        })"""
    )
    assert duration == pytest.approx(2.0, abs=0.05)
    for red, _, blue, _ in (first, later):
        assert blue > red + 100
    assert browser.log == []
