"""Imports run one way: pipelines -> vfmodel, vfsr -> hdvg (its reader and video I/O)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("hdvg", "vfmodel", "vfsr")
# What the models may know of the factory. Everything else in hdvg is its own business.
OPEN_TO_MODELS = {
    "hdvg",
    "hdvg.errors",
    "hdvg.reader",
    "hdvg.video",
    "hdvg.deep_video",
    # Latents are a part of the dataset's format that only a model can fill in: hdvg does the pass
    # and the reading, vfmodel hands it an encoder.
    "hdvg.latents.encode_dataset",
    "hdvg.latents.latent_dataset",
    "hdvg.latents.latent_settings",
}
# The stand-ins are trained on rendered scenes and judged by them, so exactly these may draw them.
DRAW_SCENES = ("vfmodel.scene_clips", "vfmodel.stand_in_training", "vfmodel.evaluation")
# An evaluation's real videos are named by lists that a build can start from: one reader each.
LIST_READERS = {
    f"hdvg.sources.{name}" for name in ("msrvtt", "rows", "source_video", "ucf101", "webvid")
}


def _modules(package):
    source = ROOT / "packages" / package / "src"
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _imports(path, *, at_load_only=False):
    """Dotted names that a file imports; `from a import b` counts as a.b if that is a module."""
    pending = list(ast.parse(path.read_text()).body)
    while pending:
        node = pending.pop()
        inside_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if at_load_only and (inside_function or _is_type_checking(node)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in ALL else node.module
        pending.extend(ast.iter_child_nodes(node))


ALL = {name for package in PACKAGES for name, _ in _modules(package)}
CASES = [(name, path) for package in PACKAGES for name, path in _modules(package)]


def _top(name):
    return name.split(".")[0]


@pytest.mark.parametrize(("name", "path"), CASES, ids=[name for name, _ in CASES])
def test_a_module_imports_only_what_lies_below_it(name, path):
    ours = {found for found in _imports(path) if _top(found) in (*PACKAGES, "pipelines", "tests")}
    others = {found for found in ours if _top(found) != _top(name)}
    if _top(name) == "hdvg":
        assert not others
        return
    draws = name.startswith(DRAW_SCENES)
    strangers = {
        found
        for found in others - OPEN_TO_MODELS
        if not (draws and found.startswith("hdvg.shapes"))
        and not (name.startswith("vfmodel.evaluation.real_set") and found in LIST_READERS)
    }
    assert not strangers


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_modules_import_each_other(package):
    graph = {
        name: {found for found in _imports(path, at_load_only=True) if found in ALL}
        for name, path in _modules(package)
    }
    done = set()

    def visit(name, trail):
        assert name not in trail, " -> ".join([*trail, name])
        if name in done:
            return
        for below in graph.get(name, ()):
            visit(below, [*trail, name])
        done.add(name)

    for name in graph:
        visit(name, [])


def test_pipelines_stay_thin():
    for path in sorted((ROOT / "pipelines").glob("*.py")):
        lines = path.read_text().splitlines()
        assert len(lines) <= 60, f"{path.name} has {len(lines)} lines"


def test_packages_declare_the_packages_that_they_import():
    for package in ("vfmodel", "vfsr"):
        text = (ROOT / "packages" / package / "pyproject.toml").read_text()
        assert '"hdvg' in text
        assert not any(f'"{other}' in text for other in PACKAGES if other not in ("hdvg", package))
