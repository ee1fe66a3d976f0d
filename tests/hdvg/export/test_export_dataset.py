import pytest

from hdvg.errors import InputError
from hdvg.export.export_dataset import ExportConfig, export_dataset


def _export(dataset, out, **options):
    return export_dataset(ExportConfig(data=dataset.root, out=str(out), **options))


@pytest.mark.parametrize(
    ("style", "file", "counted"),
    [
        ("webdataset", "00000.tar", {"clips": 3, "shards": 1}),
        ("webvid", "results.csv", {"clips": 3}),
        ("hdvg130m", "hdvg.json", {"videos": 1, "clips": 2, "clips_without_url": 1}),
    ],
)
def test_every_format(exported_from, tmp_path, style, file, counted):
    assert _export(exported_from, tmp_path / "out", format=style) == counted
    before = (tmp_path / "out" / file).read_bytes()
    assert _export(exported_from, tmp_path / "out", format=style) == counted
    assert (tmp_path / "out" / file).read_bytes() == before


def test_a_folder_is_one_export(exported_from, tmp_path):
    _export(exported_from, tmp_path / "out")
    with pytest.raises(InputError, match="another export: its select, clips, digest differ"):
        _export(exported_from, tmp_path / "out", select="num_frames > 15")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/x").touch()
    with pytest.raises(InputError, match="not empty"):
        _export(exported_from, tmp_path / "mine")
    with pytest.raises(InputError, match="not empty"):
        _export(exported_from, exported_from.root)


def test_a_mistake_leaves_nothing(exported_from, tmp_path):
    with pytest.raises(InputError, match="blip9"):
        _export(exported_from, tmp_path / "out", captions="blip9")
    assert not (tmp_path / "out").exists()


def test_a_remote_store(exported_from, tmp_path):
    counts = _export(exported_from, f"memory://{tmp_path.name}", shard_mb=1)
    assert counts == {"clips": 3, "shards": 1}


@pytest.mark.parametrize(
    ("options", "named"), [({"format": "zip"}, "'zip'"), ({"shard_mb": 0}, "shard_mb")]
)
def test_impossible_settings_are_named(options, named):
    with pytest.raises(InputError, match=named):
        ExportConfig(data="d", out="o", **options)
