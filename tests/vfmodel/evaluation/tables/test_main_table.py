"""Own and published figures in one table, and never to be taken for each other."""

from vfmodel.evaluation.tables.main_table import build_main_table
from vfmodel.evaluation.tables.published_figures import PublishedFigure, read_published


def figure(name, value, higher, low=None, high=None):
    details = {"network": "small"} if "FVD" in name else {}
    return {
        "name": name,
        "value": value,
        "low": low,
        "high": high,
        "higher_is_better": higher,
        "details": details,
    }


def result(model, dataset, figures, digest="0123456789ab", complete=True):
    return {
        "model": model,
        "protocol": {
            "label": f"mine@1:{digest}",
            "digest": digest,
            "real": {"dataset": dataset},
        },
        "figures": figures,
        "videos": {"scored": 10100},
        "real": {"used": 13320},
        "complete": complete,
        "made_with": {},
    }


PUBLISHED = [
    PublishedFigure(model="A", dataset="ucf101", figure="FVD", value=410.0, source="A (2023)"),
    PublishedFigure(model="A", dataset="msrvtt", figure="CLIPSIM", value=0.3, source="A (2023)"),
    PublishedFigure(model="B", dataset="ucf101", figure="FVD", value=500.0, source="B (2022)"),
]


def test_one_column_two_kinds_of_cells():
    ours = result("ours", "ucf101", [figure("FVD", 420.04, False, 400.0, 440.0)])
    grid = build_main_table([ours], PUBLISHED)
    assert [column.title for column in grid.columns] == ["UCF-101 FVD", "MSR-VTT CLIPSIM"]
    rows = dict(grid.rows)
    assert list(rows) == ["ours", "A (published)", "B (published)"]
    own, theirs = rows["ours"][0], rows["A (published)"][0]
    assert (own.text, own.interval, own.mark) == ("420.0", "[400.0, 440.0]", "")
    assert own.digest == "0123456789ab"
    assert (theirs.text, theirs.mark, theirs.digest, theirs.interval) == ("410.0", "a", "", "")
    assert rows["ours"][1] is None
    assert grid.notes["a"] == "published, not measured here: A (2023)"
    assert grid.notes["b"].endswith("B (2022)")
    assert grid.notes["0123456789ab"] == (
        "mine@1, 10100 videos against 13320 real ones; features: small"
    )


def test_every_published_cell_is_marked_and_every_own_one_has_a_digest():
    ours = result("ours", "ucf101", [figure("FVD", 420.0, False)])
    for name, cells in build_main_table([ours], read_published()).rows:
        for cell in filter(None, cells):
            assert bool(cell.mark) == name.endswith("(published)")
            assert bool(cell.digest) != name.endswith("(published)")


def test_another_network_is_another_column():
    ours = result("ours", "shapes", [figure("shapes-FVD", 3.5, False)])
    grid = build_main_table([ours], PUBLISHED)
    titles = [column.title for column in grid.columns]
    assert titles == ["UCF-101 FVD", "MSR-VTT CLIPSIM", "shapes shapes-FVD"]
    assert dict(grid.rows)["ours"][0] is None


def test_what_was_incomplete_is_starred_and_what_has_no_value_is_left_out():
    half = result("ours", "ucf101", [figure("FVD", 420.0, False)], complete=False)
    none = result("none", "ucf101", [figure("FVD", None, False)])
    grid = build_main_table([half, none], [])
    assert [name for name, _ in grid.rows] == ["ours"]
    assert grid.rows[0][1][0].mark == "*"
    assert grid.notes["*"].startswith("incomplete")


def test_a_hubs_model_is_named_with_its_commit():
    from_hub = result("A", "ucf101", [figure("FVD", 400.0, False)])
    from_hub["made_with"] = {"model_revision": "0123456789abcdef"}
    other = result("A", "ucf101", [figure("FVD", 410.0, False)])
    rows = dict(build_main_table([from_hub, other], []).rows)
    assert {name: cells[0].text for name, cells in rows.items()} == {
        "A@0123456": "400.0",
        "A": "410.0",
    }


def test_a_later_papers_table_is_said_to_be_one():
    second = PublishedFigure(
        model="C", dataset="ucf101", figure="FVD", value=600.0, source="A (2023)", second_hand=True
    )
    text = build_main_table([], [*PUBLISHED, second]).to_markdown()
    assert "| C (published) | 600.0<sup>c</sup> |" in text
    assert "- a: published, not measured here: A (2023)\n" in text
    assert "- c: published, not measured here: as given by A (2023)\n" in text
