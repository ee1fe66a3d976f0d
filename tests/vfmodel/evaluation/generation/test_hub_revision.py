"""The commit is read off the hub library's own folder of files, without a network."""

import pytest
from huggingface_hub import constants

from vfmodel.evaluation.generation.hub_revision import hub_revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache that holds one repository, and no way to a hub."""
    repository = tmp_path / "hub" / "models--someone--videos"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "model_index.json").write_text("{}")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def test_the_commit_that_is_loaded():
    assert hub_revision("someone/videos", "model_index.json") == COMMIT


def test_what_is_not_there_has_none(tmp_path):
    assert hub_revision("someone/videos", "config.json") == ""
    assert hub_revision("nobody/nothing", "model_index.json") == ""
    assert hub_revision("/no/such/folder", "model_index.json") == ""
    assert hub_revision(str(tmp_path), "model_index.json") == ""
