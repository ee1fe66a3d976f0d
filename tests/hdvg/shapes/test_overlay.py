import numpy as np

from hdvg.shapes.overlay import SUBTITLES, stamp_subtitle, stamp_watermark


def _grey(height=180, width=320):
    return np.full((height, width, 3), 90, np.uint8)


def test_watermark_brightens_only_the_middle():
    image = _grey()
    stamp_watermark(image)
    changed = np.argwhere((image != 90).any(axis=2))
    assert image.min() == 90
    assert np.abs(changed.mean(axis=0) - (90, 160)).max() < 8
    assert 0.005 < len(changed) / image[:, :, 0].size < 0.1


def test_subtitle_is_white_on_dark_near_the_bottom():
    image = _grey()
    stamp_subtitle(image, SUBTITLES[0])
    rows = np.argwhere((image != 90).any(axis=2))[:, 0]
    assert image.max() > 240
    assert image.min() < 15
    assert 0.8 * 180 < rows.min() < rows.max() < 0.98 * 180


def test_subtitles_differ():
    pictures = []
    for text in SUBTITLES:
        pictures.append(_grey())
        stamp_subtitle(pictures[-1], text)
    assert len({picture.tobytes() for picture in pictures}) == len(SUBTITLES)
