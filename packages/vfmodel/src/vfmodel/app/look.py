"""How the page looks: quiet, in light and in dark, with the fonts that the reader's machine has."""

from pathlib import Path

import gradio as gr

# The palette of `hdvg report`, light and dark, so that the project's pages look alike.
_PAPER, _PANEL, _INK, _DIM, _LINE, _ACCENT = range(6)
_LIGHT = ("#fbfaf8", "#ffffff", "#1c1d21", "#62656e", "#e2e0dc", "#2f6fb3")
_DARK = ("#15171b", "#1d2026", "#e9e9ec", "#a0a4ae", "#32363f", "#7db2ea")
_ROLES = {
    "body_background_fill": _PAPER,
    "background_fill_primary": _PANEL,
    "background_fill_secondary": _PAPER,
    "block_background_fill": _PANEL,
    "panel_background_fill": _PANEL,
    "input_background_fill": _PANEL,
    "code_background_fill": _PAPER,
    "body_text_color": _INK,
    "accordion_text_color": _INK,
    "block_title_text_color": _DIM,
    "block_label_text_color": _DIM,
    "block_info_text_color": _DIM,
    "body_text_color_subdued": _DIM,
    "input_placeholder_color": _DIM,
    "border_color_primary": _LINE,
    "block_border_color": _LINE,
    "input_border_color": _LINE,
    "border_color_accent": _ACCENT,
    "input_border_color_focus": _ACCENT,
    "slider_color": _ACCENT,
    "loader_color": _ACCENT,
    "checkbox_background_color_selected": _ACCENT,
    "checkbox_border_color_selected": _ACCENT,
    "button_primary_background_fill": _ACCENT,
    "button_primary_background_fill_hover": _ACCENT,
    "button_primary_border_color": _ACCENT,
    "button_secondary_background_fill": _PANEL,
    "button_secondary_background_fill_hover": _PAPER,
    "button_secondary_border_color": _LINE,
    "button_secondary_text_color": _INK,
}
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans")
_MONO = ("ui-monospace", "DejaVu Sans Mono", "Menlo", "Consolas", "monospace")


def make_theme() -> gr.themes.Base:
    """Gradio's plainest theme in our colours; nothing in it is fetched from anywhere."""
    theme = gr.themes.Base(font=(*_FONTS, "sans-serif"), font_mono=_MONO, radius_size="lg")
    light = {name: _LIGHT[role] for name, role in _ROLES.items()}
    dark = {f"{name}_dark": _DARK[role] for name, role in _ROLES.items()}
    ink_on_accent = {"button_primary_text_color": "#fff", "button_primary_text_color_dark": "#111"}
    plain = {"block_shadow": "none", "input_shadow": "none", "button_border_width": "1px"}
    theme.set(**light, **dark, **ink_on_accent, **plain)
    return theme


def style_sheet() -> str:
    """What no theme can say."""
    return Path(__file__).with_name("page.css").read_text(encoding="ascii")
