"""The page's looks need nobody else's server."""

import re

from vfmodel.app.look import make_theme, style_sheet


def test_no_font_or_picture_is_fetched():
    assert make_theme()._stylesheets == []
    assert not re.search(r"url\(|@import|https?:", style_sheet())
    theme = (
        make_theme()._get_theme_css().replace("http://www.w3.org/2000/svg", "a name, no address")
    )
    assert not re.search(r"https?:", theme)


def test_text_can_be_read_in_light_and_in_dark():
    theme = make_theme()
    for dark in ("", "_dark"):
        paper = getattr(theme, f"body_background_fill{dark}")
        for name in ("body_text_color", "body_text_color_subdued"):
            assert _contrast(getattr(theme, f"{name}{dark}"), paper) > 4.5  # WCAG 2.2, AA
        button = getattr(theme, f"button_primary_background_fill{dark}")
        assert _contrast(getattr(theme, f"button_primary_text_color{dark}"), button) > 4.5


def _contrast(one, other):
    """WCAG 2.2's contrast ratio of two hex colours."""
    lights = sorted(_luminance(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour):
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
