import json

import pytest

from hdvg.__main__ import main


@pytest.fixture
def data(write_tables, tmp_path):
    row = {"video_id": "a", "status": "failed", "fail_class": "geo", "fail_code": "geo_blocked"}
    return write_tables(tmp_path / "d", {"u": {"videos": [row], "clips": []}}).root


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["report", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_it_writes_the_page_and_repeats_its_figures(capsys, data, tmp_path):
    page = tmp_path / "my report.html"
    code, out, err = call(capsys, data, "--out", str(page))
    assert (code, err) == (0, "")
    assert out.startswith(f"{page}: 0 clips from 0 of 1 videos, 0.0 MB")
    assert "geo_blocked" in page.read_text()
    found = json.loads(call(capsys, data, "--out", str(page), "--json")[1])
    assert found["funnel"]["inputs"] == 1
    assert found["failures"] == {"geo/geo_blocked": 1}
    assert found["nbytes"] == page.stat().st_size


@pytest.mark.parametrize(
    ("option", "words"), [("--clips=-1", "-1"), ("--max_mb=-2", "-2"), ("--select=hq", "'hq'")]
)
def test_mistakes_are_one_line_and_leave_no_page(capsys, data, tmp_path, option, words):
    page = tmp_path / "report.html"
    code, out, err = call(capsys, data, "--out", str(page), option)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not page.exists()
