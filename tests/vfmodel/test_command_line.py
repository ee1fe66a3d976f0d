"""Words to settings: what a config file says, what words after it say, and what is refused."""

import pytest

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words


def make_parser(**options):
    parser = new_parser("draw", "Draws.", **options)
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--title", type=str | None, default=None)
    return parser


def test_settings_come_without_the_options_that_all_commands_have(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("width: 7\ntitle: b\n")
    words = ["--config", str(file), "--width=9", "--json"]
    assert read_words(make_parser(), words) == ({"width": 9, "title": "b"}, True)
    assert read_words(make_parser(), []) == ({"width": 4, "title": None}, False)


def test_what_does_not_fit_is_named(tmp_path):
    for words, name in (
        (["--widht=3"], "widht"),
        (["--width=wide"], "wide"),
        (["--config", str(tmp_path / "none.yaml")], "none.yaml"),
    ):
        with pytest.raises(InputError, match=name):
            read_words(make_parser(), words)


def test_a_command_without_a_result_has_no_json():
    with pytest.raises(InputError, match="json"):
        read_words(make_parser(json_help=""), ["--json"])
    assert read_words(make_parser(json_help=""), [])[1] is False


def test_the_help_names_command_usage_and_options():
    help_text = make_parser(usage="--width N", json_help="As JSON.").format_help()
    assert help_text.startswith("usage: vfmodel draw --width N\n\nDraws.")
    assert "As JSON." in help_text
    assert "vfmodel draw [" in make_parser().format_help()
