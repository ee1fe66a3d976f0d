"""docs/paper.md leads to files and tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs" / "paper.md").read_text().splitlines()
    if line.startswith("|") and line.count("|") == 5
]
PLACES = [ROOT, ROOT / "packages/vfmodel/src/vfmodel", ROOT / "tests/vfmodel"]


def _find(path):
    return next((place / path for place in PLACES if (place / path).exists()), None)


def test_every_statement_has_a_row_of_four():
    statements = [row for row in ROWS if row[0] not in ("What", "---")]
    assert len(statements) > 40
    for what, known, code, _ in statements:
        assert re.search(r"\b(stated|elsewhere|ours)\b", known), what
        assert code or "not there" in known, what


def test_every_file_exists():
    named = [path for row in ROWS for path in re.findall(r"`([^`:]+)`", row[2])]
    assert len(named) > 40
    assert [path for path in named if "not there" not in path and _find(path) is None] == []


def test_every_test_exists():
    missing = []
    for row in ROWS:
        for path, _, name in (t.partition("::") for t in re.findall(r"`([^`]+)`", row[3])):
            file = _find(path)
            if file is None or (name and f"def {name}(" not in file.read_text()):
                missing.append(f"{path}::{name}")
    assert missing == []
