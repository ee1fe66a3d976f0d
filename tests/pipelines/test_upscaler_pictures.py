import numpy as np
import pytest
from pipelines import draw_pictures
from pipelines.upscaler_pictures import write_dataset

import hdvg
from hdvg.errors import InputError
from hdvg.video import write_video


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(draw_pictures, "HEIGHT", 64)
    monkeypatch.setattr(draw_pictures, "WIDTH", 96)


def test_what_it_writes_is_a_dataset(tmp_path):
    write_dataset(tmp_path, 2)
    clips = hdvg.ClipDataset(tmp_path, num_frames=2, fps=1, height=64, width=96, captions=None)
    assert len(clips) == 2
    assert clips[0]["video"].shape == (2, 3, 64, 96)
    write_dataset(tmp_path, 2)  # and leaves it alone


def test_every_fourth_clip_is_of_a_film_if_there_are_films(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    orange = np.full((8, 3, 64, 96), 40, np.uint8)
    orange[:, 0], orange[:, 1] = 250, 140
    write_video(films / "orange.mp4", orange, 8)
    write_dataset(tmp_path / "data", 7, films)
    clips = hdvg.ClipDataset(
        tmp_path / "data", num_frames=2, fps=1, height=64, width=96, captions=None
    )
    far = {
        str(clips[i]["clip_id"]): np.abs(clips[i]["video"].astype(int) - orange[:2]).mean()
        for i in range(7)
    }
    assert {name for name, distance in far.items() if distance < 6} == {"c1", "c5"}


def test_a_folder_without_films_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no film \(.mp4, .* in "):
        write_dataset(tmp_path / "data", 4, tmp_path)
    assert not (tmp_path / "data").exists()
