"""Names tell a newcomer what is where: no drawers of odds and ends, one test file a module."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("hdvg", "vfmodel", "vfsr")
BANNED = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "base",
    "core",
    "new",
    "v2",
    "tools",
}
HARD_LIMIT_LINES = 300
SIZE_RULES = re.compile(r"noqa.*(C901|PLR0913|PLR0915|E501)|type: ignore$")


def _sources(package):
    return sorted((ROOT / "packages" / package / "src" / package).rglob("*.py"))


def _python_files():
    folders = ("packages", "pipelines", "benchmarks", "tests")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_no_file_is_a_drawer_of_odds_and_ends():
    named = [(path, set(path.stem.split("_"))) for path in _python_files()]
    assert not [str(path) for path, words in named if words & BANNED]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_a_test_file_of_its_name(package):
    tested = {
        path.stem.removeprefix("test_") for path in (ROOT / "tests" / package).rglob("test_*.py")
    }
    modules = {path.stem.strip("_") for path in _sources(package)} - {"init"}
    assert sorted(modules - tested) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_test_file_has_a_module_or_a_folder_of_its_name(package):
    modules = {path.stem.strip("_") for path in _sources(package)}
    folders = {path.parent.name for path in _sources(package)}
    files = sorted((ROOT / "tests" / package).rglob("test_*.py"))
    assert not [p.name for p in files if p.stem.removeprefix("test_") not in modules | folders]


def test_no_source_file_is_too_long_to_read_in_one_go():
    sources = [path for path in _python_files() if "tests" not in path.relative_to(ROOT).parts]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources}
    assert {name: count for name, count in lengths.items() if count > HARD_LIMIT_LINES} == {}


def test_size_rules_are_never_silenced():
    silenced = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if SIZE_RULES.search(line)
    ]
    assert silenced == []
