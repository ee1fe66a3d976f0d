import json

import pytest

from hdvg.__main__ import main
from hdvg.shapes.site import read_truth


def test_a_corpus_is_rendered_and_counted(tmp_path, capsys):
    size = "--corpus.num_videos=1 --corpus.num_web_videos=0 --corpus.troubles=false"
    command = ["shapes", f"--out={tmp_path}/c", *size.split(), "--corpus.height=64"]
    for arguments in (command, [*command, "--json"]):  # the second time there is nothing to do
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
    text, found = capsys.readouterr().out.splitlines()
    assert "1 videos" in text
    assert json.loads(found)["num_videos"] == len(read_truth(tmp_path / "c")) == 1
