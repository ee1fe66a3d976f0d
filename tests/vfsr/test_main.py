import pytest

from vfsr.__main__ import main


def run(*arguments):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return exit_.value.code


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_the_commands(capsys, arguments):
    assert run(*arguments) == 0
    out = capsys.readouterr().out
    assert "  fit " in out
    assert "  upscale " in out


@pytest.mark.parametrize(
    ("command", "option"),
    [("fit", "--data.crops.degradations"), ("upscale", "--model")],
)
def test_each_command_explains_its_options(capsys, command, option):
    assert run(command, "--help") == 0
    assert option in capsys.readouterr().out


def test_an_unknown_command_is_named(capsys):
    assert run("downscale") == 2
    assert capsys.readouterr().err == (
        "error: unknown command 'downscale'; the commands are fit, refine and upscale\n"
    )
