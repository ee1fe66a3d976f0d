"""The commands, their help, and what a wrong one gets."""

import pytest

from vfmodel.__main__ import main


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    return stopped.value.code


def test_help_lists_the_commands(capsys):
    for words in ((), ("--help",)):
        assert run(*words) == 0
        out = capsys.readouterr().out
        for command in (
            "fit",
            "latents",
            "generate",
            "app",
            "evaluate",
            "table",
            "ablate",
            "study",
        ):
            assert f"\n  {command} " in out


def test_an_unknown_command_is_named(capsys):
    assert run("fti") == 2
    assert capsys.readouterr().err == (
        "error: unknown command 'fti'; the commands are fit, latents, generate, app, evaluate,"
        " table, ablate and study\n"
    )


@pytest.mark.parametrize(
    ("command", "option"),
    [("fit", "--data.cached_windows"), ("generate", "--guidance_scale"), ("app", "--upscaler")],
)
def test_each_command_explains_its_options(command, option, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vfmodel"])
    assert run(command, "--help") == 0
    assert option in capsys.readouterr().out
