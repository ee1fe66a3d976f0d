from hdvg.sources.shapes_site import read_shapes


def test_shapes_have_their_own_ids(corpus, truth):
    videos = read_shapes(corpus / "site", "all")
    assert sorted(v.video_id for v in videos) == sorted(row["video_id"] for row in truth.values())
    [web] = read_shapes(corpus / "site", "web")
    assert web.locator == f"watch/{truth['web']['video_id']}.html"
