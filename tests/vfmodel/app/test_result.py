"""What is shown beside a video is true of it."""

from pathlib import Path

import gradio as gr
import pytest

from vfmodel.app.reproduce import as_command, as_python
from vfmodel.app.result import describe, draw_result
from vfmodel.app.shelf import ShelvedVideo


@pytest.fixture
def shelved(request_for):
    def make(**changes):
        plain = {
            "request": request_for(),
            "folder": Path("/made/x"),
            "num_frames": 3,
            "height": 24,
            "width": 40,
            "fps": 4.0,
            "wall_s": 1.26,
            "large": False,
        }
        return ShelvedVideo(**(plain | changes))

    return make


def draw(upscaler):
    with gr.Blocks(analytics_enabled=False):
        return draw_result("runs/m", upscaler)


def test_one_line_of_facts(shelved):
    assert describe(shelved()) == "40 x 24, 3 frames at 4 a second, seed 3, made in 1.3 s"
    assert "enlarged in" in describe(shelved(large=True))


def test_the_chosen_video_its_recipe_and_all_others_are_shown(shelved, request_for):
    result = draw("vfsr.upscale")
    shelf = [shelved(large=True), shelved(request=request_for(prompt="<b>two</b>"))]
    shown = result.show(shelf, 1)
    assert set(shown) == set(result.components())
    assert shown[result.video] == "/made/x/b-two-b_seed-3.mp4"
    assert shown[result.command] == as_command(shelf[1].request, "runs/m")
    assert shown[result.gallery]["selected_index"] == 1
    assert [caption for _, caption in shown[result.gallery]["value"]] == [
        "a red circle, 4x",
        "<b>two</b>",
    ]
    large = result.show(shelf, 0)
    assert large[result.python] == as_python(shelf[0].request, "runs/m", "vfsr.upscale")


@pytest.mark.parametrize(
    ("upscaler", "large", "offered"),
    [("vfsr.upscale", False, True), ("vfsr.upscale", True, False), (None, False, False)],
)
def test_enlarging_is_offered_where_it_can_be_done(shelved, upscaler, large, offered):
    result = draw(upscaler)
    assert result.show([shelved(large=large)], 0)[result.enlarge]["visible"] is offered
