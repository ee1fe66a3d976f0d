"""How the page is wired; test_serve.py drives it in a browser."""

import pytest

from vfmodel.app.page import build_page
from vfmodel.app.studio import Studio


@pytest.fixture
def config(tiny_pipeline, tmp_path):
    page = build_page(Studio(tiny_pipeline, tmp_path), "runs/<b>m</b>", None)
    assert page.analytics_enabled is False
    return page.get_config_file()


def test_only_generating_is_offered_to_programs(config):
    public = {
        event["api_name"] for event in config["dependencies"] if event["api_visibility"] == "public"
    }
    assert {name.removesuffix("_1") for name in public} == {"generate"}


def test_what_uses_the_model_waits_in_one_queue(tiny_pipeline, tmp_path):
    page = build_page(Studio(tiny_pipeline, tmp_path), None, None)
    queued = [event for event in page.fns.values() if event.queue is not False]
    # "cancel" is the page being closed, and "check" reads numbers: neither may wait for a video.
    assert {event.name for event in queued} == {"make", "enlarge", "check", "cancel"}
    for event in queued:
        waits = (event.concurrency_limit, event.concurrency_id) == (1, "model")
        assert waits == (event.name in {"make", "enlarge"})


def test_a_models_name_is_text(config):
    head = next(
        component["props"]["value"]
        for component in config["components"]
        if component["props"].get("elem_id") == "head"
    )
    assert "runs/&lt;b&gt;m" in head
