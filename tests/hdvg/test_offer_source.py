import json

import pytest

from hdvg.errors import InputError
from hdvg.offer_source import ShapesConfig, offer_source
from hdvg.shapes.corpus import CorpusConfig
from hdvg.sources.sample import SampleConfig


def _offer(source, shapes=None, sample=None, labels="", spans="caption"):
    return offer_source(
        str(source), shapes or ShapesConfig(), sample or SampleConfig(), labels, spans
    )


def test_a_list_with_labels(tmp_path):
    (tmp_path / "ids.txt").write_text("dQw4w9WgXcQ\nABCDEFGHIJK\n")
    (tmp_path / "labels.csv").write_text("dQw4w9WgXcQ,Music\nABCDEFGHIJK,Sport\n")
    sample = SampleConfig(quotas={"Sport": 1})
    labels = str(tmp_path / "labels.csv")
    with _offer(tmp_path / "ids.txt", sample=sample, labels=labels) as (found, origin):
        assert [(video.video_id, video.label) for video in found.videos] == [
            ("ABCDEFGHIJK", "Sport")
        ]
        assert origin.source == str(tmp_path / "ids.txt")
        assert origin.folder == str(tmp_path)


def test_shapes_are_served_while_the_block_lasts(corpus):
    settings = json.loads((corpus / "truth/corpus.json").read_text())
    shapes = ShapesConfig(folder=str(corpus), part="all", corpus=CorpusConfig(**settings))
    with _offer("shapes", shapes, SampleConfig(total=3)) as (found, origin):
        assert len(found.videos) == 3
        assert origin.base_url.startswith("http://")


def test_mistakes_are_named(tmp_path):
    with pytest.raises(InputError, match=r"shapes\.part"):
        ShapesConfig(part="sd")
    (tmp_path / "ids.txt").write_text("dQw4w9WgXcQ\n")
    with pytest.raises(InputError, match="nowhere"), _offer(tmp_path / "ids.txt", labels="nowhere"):
        pass
