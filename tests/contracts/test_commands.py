"""Every subcommand of hdvg explains itself, reads a config, and speaks JSON."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from hdvg.__main__ import COMMANDS, main, make_parser
from hdvg.commands.result import Result

TESTS = Path(__file__).parents[1] / "hdvg"


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return stopped.value.code, *capsys.readouterr()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_every_option(capsys, name):
    code, out, err = call(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert f"usage: hdvg {name}" in out
    assert "--json" in out
    assert "--config" in out
    actions = make_parser(name)._actions
    unexplained = [
        action.dest
        for action in actions
        # The head of a group of options, such as --filter, is explained by its members.
        if not any(other.dest.startswith(f"{action.dest}.") for other in actions)
        and len(action.help or "") < 8
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_is_for(capsys, name):
    about = import_module(f"hdvg.commands.{name}").ABOUT
    assert 20 < len(about) < 120
    assert about.endswith(".")
    assert about in call(capsys, "--help")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistake_is_one_line_even_with_json(capsys, name):
    code, out, err = call(capsys, name, "--json", "--no_such_option=1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_dataset_or_source_is_one_line_with_json(capsys, name, tmp_path):
    if name == "shapes":
        pytest.skip("it reads nothing")
    nowhere = str(tmp_path / "nowhere")
    options = [action.dest for action in make_parser(name)._actions]
    arguments = [f"--source={nowhere}"] if "source" in options else [nowhere]
    if "source" in options and "data" in options:
        arguments.append(f"--data={tmp_path / 'data'}")
    code, out, err = call(capsys, name, "--json", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_its_test_reads_its_json(name):
    tests = [*TESTS.glob(f"commands/test_{name}.py"), *TESTS.glob(f"test_{name}.py")]
    assert any("--json" in path.read_text() for path in tests)


@pytest.mark.parametrize(
    ("arguments", "printed"), [([], "text\n"), (["--json"], '{"clips": 3, "name": "\\u00e9"}\n')]
)
def test_the_result_is_printed_once_in_the_form_that_was_asked_for(
    capsys, monkeypatch, arguments, printed
):
    result = Result(text="text\n", data={"clips": 3, "name": "é"}, exit_code=1)
    monkeypatch.setattr("hdvg.commands.select.run", lambda options: result)
    code, out, err = call(capsys, "select", "data", *arguments)
    assert (code, out, err) == (1, printed, "")
    if arguments:
        assert json.loads(out) == result.data
