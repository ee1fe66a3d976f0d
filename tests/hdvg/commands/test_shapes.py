from argparse import Namespace

from hdvg.commands.shapes import run
from hdvg.shapes.corpus import CorpusConfig
from hdvg.shapes.site import read_truth


def test_a_corpus_is_rendered_and_counted(tmp_path):
    corpus = CorpusConfig(num_videos=1, num_web_videos=0, troubles=False, height=64)
    result = run(Namespace(out=f"{tmp_path}/c", port=-1, corpus=corpus))
    assert "1 videos" in result.text
    assert result.data["num_videos"] == len(read_truth(tmp_path / "c")) == 1
