"""The README's map is true: its tree, its `make` targets, its configs and its links exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CODE = re.findall(r"```[a-z]*\n(.*?)```", README, re.DOTALL) + re.findall(r"`([^`\n]+)`", README)


def _tree():
    """Paths of the code block whose first line is the root ".", nested by indentation."""
    blocks = [block for block in CODE if re.match(r"\./?(\s|$)", block)]
    assert len(blocks) == 1, "the README has one tree, in a code block that starts with '.'"
    parents = []
    for line in blocks[0].splitlines()[1:]:
        match = re.match(r"([\s│├└─]*)(\S+)", line)
        if match is None or "<" in match[2] or match[2].startswith("("):
            continue
        indent, name = len(match[1]), match[2].rstrip("/,")
        parents = [(depth, parent) for depth, parent in parents if depth < indent]
        parents.append((indent, name))
        yield from _spelt_out("/".join(parent for _, parent in parents))


def _spelt_out(path):
    """`a/{b,c}.py` as a/b.py and a/c.py."""
    match = re.search(r"\{([^}]*)\}", path)
    if match is None:
        return [path]
    options = match[1].split(",")
    return [p for o in options for p in _spelt_out(path.replace(match[0], o.strip(), 1))]


def test_everything_in_the_tree_exists():
    paths = list(_tree())
    assert len(paths) > 20
    assert [path for path in paths if not list(ROOT.glob(path))] == []


def test_every_module_is_in_the_tree():
    listed = {found for path in _tree() for found in ROOT.glob(path)}
    covered = listed | {file for path in listed if path.is_dir() for file in path.glob("*")}
    sources = {
        path for path in ROOT.glob("packages/*/src/*/*") if path.suffix == ".py" or path.is_dir()
    }
    missing = {p for p in sources if p not in covered and not p.name.startswith("__")}
    assert sorted(str(path.relative_to(ROOT)) for path in missing) == []


def test_every_make_target_that_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for code in CODE for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)}
    assert {"demo", "test"} <= named
    assert named - targets == set()


def test_every_config_and_link_that_it_names_exists():
    configs = re.findall(r"\bconfigs/[\w/]+\.yaml", README)
    links = [to for to in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in to]
    assert [path for path in (*configs, *links) if not (ROOT / path).exists()] == []
