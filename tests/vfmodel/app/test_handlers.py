"""What pressing something does, without a browser in between."""

import gradio as gr
import pytest
import torch

import vfmodel
from hdvg.video import Video
from vfmodel.app.fields import draw_fields
from vfmodel.app.handlers import Handlers
from vfmodel.app.result import draw_result
from vfmodel.app.studio import Studio

ME = gr.Request(session_hash="me")


class Page:
    """Fields with values, and what the handlers answer."""

    def __init__(self, pipeline, root):
        self.studio = Studio(pipeline, root, lambda video: Video(video.frames, fps=video.fps))
        with gr.Blocks(analytics_enabled=False):
            self.fields = draw_fields(gr.Textbox(), self.studio.limits)
            self.result = draw_result(None, "vfsr.upscale")
        self.handlers = Handlers(self.studio, self.fields, self.result)
        self.shelf = []

    def values(self, **changes):
        plain = {"prompt": "a red circle", "seed": 3, "draw_seed": False, "steps": 1}
        named = {name: field.value for name, field in vars(self.fields).items()} | plain | changes
        values = {getattr(self.fields, name): value for name, value in named.items()}
        return values | {self.result.shelf: self.shelf}

    def make(self, **changes):
        answer = self.handlers.make(self.values(**changes), ME)
        self.shelf = answer[self.result.shelf]
        return answer


@pytest.fixture
def page(tiny_pipeline, tmp_path):
    return Page(tiny_pipeline, tmp_path)


def test_a_video_is_the_one_of_the_fields_and_the_newest_on_the_shelf(page, tiny_pipeline):
    page.make()
    answer = page.make(seed=4.0, num_frames=2)
    assert [made.request.seed for made in page.shelf] == [4, 3]
    assert answer[page.fields.seed] == 4
    assert answer[page.result.shown] == 0
    expected = vfmodel.generate("a red circle", model=tiny_pipeline, seed=4, steps=1, num_frames=2)
    assert torch.equal(page.shelf[0].load().frames, expected.frames)


def test_a_drawn_seed_is_shown_and_makes_the_same_video_again(page):
    first = page.make(draw_seed=True, seed=None)[page.fields.seed]
    assert page.make(draw_seed=True)[page.fields.seed] != first
    page.make(seed=first)
    assert torch.equal(page.shelf[0].load().frames, page.shelf[2].load().frames)


def test_mistakes_are_told_before_the_queue_and_as_text(page):
    with pytest.raises(gr.Error, match="the prompt is empty"):
        page.handlers.check(page.values(prompt=" "), ME)
    with pytest.raises(gr.Error) as refused:
        page.handlers.check(page.values(seed="<img src=x>"), ME)
    assert "&lt;img" in refused.value.message
    assert refused.value.print_exception is False
    page.handlers.check(page.values(), ME)


def test_a_cancelled_video_is_no_error_to_look_at(page):
    page.handlers.check(page.values(), ME)
    page.handlers.cancel(ME)
    with pytest.raises(gr.Error) as stopped:
        page.make()
    assert stopped.value.visible is False
    page.handlers.check(page.values(), ME)
    assert page.make()[page.result.video]


def test_an_enlarged_video_joins_the_shelf(page):
    page.make()
    answer = page.handlers.enlarge(page.shelf, 0)
    shelf = answer[page.result.shelf]
    assert [made.large for made in shelf] == [True, False]
    with pytest.raises(gr.Error, match="already"):
        page.handlers.enlarge(shelf, 0)


def test_the_shelf_has_an_end_and_its_files_go(page, tmp_path, monkeypatch):
    monkeypatch.setattr("vfmodel.app.handlers._KEEP", 2)
    for seed in range(4):
        page.make(seed=seed)
    assert [made.request.seed for made in page.shelf] == [3, 2]
    assert {folder.name for folder in tmp_path.iterdir()} == {m.folder.name for m in page.shelf}
