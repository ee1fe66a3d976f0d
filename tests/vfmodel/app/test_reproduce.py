"""The shown command is parsed by a shell and by the command itself, the Python is run."""

import shlex
import subprocess
from types import SimpleNamespace

import pytest

from vfmodel.app.reproduce import as_command, as_python, file_name
from vfmodel.generate_command import parse_words

NASTY = [
    "null",
    "~",
    "123",
    "a: b",
    "-x",
    "--help",
    "[1, 2]",
    'it\'s "so" $HOME `x` \\ #',
    "two\nlines",
    "\u00e9 \u6f22",
    "''",
]


def _seen_by_a_shell(command):
    """The words that a POSIX shell makes of it."""
    script = command.replace("vfmodel generate", "printf '%s\\0'", 1)
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", NASTY)
def test_the_command_asks_for_the_same_video(request_for, text):
    asked = request_for(prompt=text, negative_prompt=text, fps=12.5, seed=2**62)
    command = as_command(asked, "runs/my model", "vfsr.upscale")
    words = _seen_by_a_shell(command)
    assert words == [word for word in shlex.split(command) if word != "\n"][2:]
    config, _ = parse_words(words)
    assert {name: getattr(config, name) for name in vars(asked)} == vars(asked)
    assert (config.model, config.upscaler) == ("runs/my model", "vfsr.upscale")
    assert config.out == file_name(asked, large=True)


@pytest.mark.parametrize("text", NASTY)
def test_the_python_asks_for_the_same_video(request_for, text, monkeypatch):
    asked = request_for(prompt=text, negative_prompt=text, fps=12.5)
    calls, saved = [], []

    def generate(prompt, **settings):
        calls.append({"prompt": prompt, **settings})
        return SimpleNamespace(save=saved.append)

    monkeypatch.setattr("vfmodel.generate", generate, raising=False)
    monkeypatch.setattr("vfsr.upscale", "it", raising=False)
    exec(compile(as_python(asked, "runs/m", "vfsr.upscale"), "shown", "exec"), {})
    assert calls == [vars(asked) | {"model": "runs/m", "upscaler": "it"}]
    assert saved == [file_name(asked, large=True)]


def test_what_is_not_set_is_not_shown(request_for):
    for text in (as_command(request_for(), None), as_python(request_for(), None)):
        for name in ("negative", "fps", "model=", "upscaler", "vfsr"):
            assert name not in text


@pytest.mark.parametrize(
    ("prompt", "large", "name"),
    [
        ("A red circle!", False, "a-red-circle_seed-3.mp4"),
        ("../../etc/passwd", True, "etc-passwd_seed-3_4x.mp4"),
        ("\u6f22", False, "video_seed-3.mp4"),
        ("x" * 400, False, "x" * 48 + "_seed-3.mp4"),
    ],
)
def test_a_file_is_named_for_its_prompt_and_seed(request_for, prompt, large, name):
    assert file_name(request_for(prompt=prompt), large=large) == name
