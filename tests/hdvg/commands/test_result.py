import json

import pytest

from hdvg.__main__ import main
from hdvg.commands import shapes
from hdvg.commands.result import Result


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_text_is_for_people_data_for_programs_and_the_code_for_both(monkeypatch, capsys, arguments):
    monkeypatch.setattr(
        shapes, "run", lambda _: Result(text="two lines\nof text\n", data={"a": [1]}, exit_code=1)
    )
    with pytest.raises(SystemExit) as stopped:
        main(["shapes", "--out=x", *arguments])
    assert stopped.value.code == 1
    out = capsys.readouterr().out
    assert (json.loads(out) == {"a": [1]}) if arguments else (out == "two lines\nof text\n")
