import json
import re
import shutil

import pytest

from hdvg.errors import InputError
from hdvg.scratch import hold
from hdvg.shapes.corpus import CorpusConfig, plan_corpus
from hdvg.shapes.site import BASE_PLACEHOLDER, read_truth, write_site

CONFIG = CorpusConfig(num_videos=1, num_web_videos=1, troubles=False, height=64, seed=2)


def _files(folder):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_lists_name_every_page(corpus, truth):
    site = corpus / "site"
    ids = [f"watch/{row['video_id']}.html" for row in truth.values()]
    web = [f"watch/{row['video_id']}.html" for row in truth.values() if row["part"] == "web"]
    assert (site / "urls.txt").read_text().split() == sorted(ids)
    assert (site / "web.txt").read_text().split() == web
    assert not set((site / "hd.txt").read_text().split()) & set(web)


def test_the_missing_video_is_listed_but_absent(corpus, truth):
    page = f"watch/{truth['missing']['video_id']}.html"
    assert page in (corpus / "site/urls.txt").read_text()
    assert not (corpus / "site" / page).exists()


def test_pages_carry_what_downloaders_read(corpus, truth):
    page = (corpus / "site/watch" / f"{truth['']['video_id']}.html").read_text()
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    data = json.loads(text)
    assert data["contentUrl"].startswith(BASE_PLACEHOLDER)
    assert [clip["name"] for clip in data["hasPart"]] == truth[""]["captions"]
    ends = [clip["endOffset"] for clip in data["hasPart"]]
    assert ends[:-1] == pytest.approx([cut["time_s"] for cut in truth[""]["cuts"]], abs=1e-3)


def test_web_pages_say_the_motion_in_their_description(corpus, truth):
    page = (corpus / "site/watch" / f"{truth['web']['video_id']}.html").read_text()
    assert truth["web"]["captions"][0] in page
    assert "hasPart" not in page


def test_truth_is_apart(corpus, truth):
    assert set(read_truth(corpus)) == {p.video_id for p in plan_corpus_of(corpus)}
    seen = b"".join(_files(corpus / "site" / "watch").values())
    assert not any(name.encode() in seen for name in ("letterboxed", "watermarked", "trouble"))


def plan_corpus_of(corpus):
    return plan_corpus(CorpusConfig(**json.loads((corpus / "truth/corpus.json").read_text())))


def test_a_half_rendered_corpus_is_finished_and_a_whole_one_left_alone(tmp_path):
    site = write_site(tmp_path / "a", CONFIG)
    whole = _files(site)
    (tmp_path / "a/truth/complete").unlink()
    shutil.rmtree(site / "watch")
    next((site / "media").iterdir()).unlink()
    calls = []
    write_site(tmp_path / "a", CONFIG, progress=calls.append)
    assert _files(site) == whole
    assert calls == [1, 2]
    write_site(tmp_path / "a", CONFIG, progress=lambda *_: pytest.fail("rendered again"))


def test_two_do_not_render_into_one_folder(tmp_path):
    with hold(tmp_path / "a", keep="x"), pytest.raises(InputError, match="another process"):
        write_site(tmp_path / "a", CONFIG)


def test_other_contents_are_refused_and_untouched(tmp_path):
    write_site(tmp_path / "a", CONFIG)
    with pytest.raises(InputError, match="another config"):
        write_site(tmp_path / "a", CorpusConfig(num_videos=1, height=64))
    (tmp_path / "b").mkdir()
    (tmp_path / "b/thesis.txt").touch()
    with pytest.raises(InputError, match="not a shapes corpus"):
        write_site(tmp_path / "b", CONFIG)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.txt"]
