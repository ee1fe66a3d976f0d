"""The part of the page that shows a video, how it was made, and the others of this visit."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from vfmodel.app.reproduce import as_command, as_python
from vfmodel.app.shelf import ShelvedVideo


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """The components, and by what names model and upscaler are called outside of the page."""

    shelf: gr.State
    shown: gr.State
    video: gr.Video
    facts: gr.Markdown
    enlarge: gr.Button
    recipe: gr.Accordion
    command: gr.Code
    python: gr.Code
    gallery: gr.Gallery
    model: str | None
    upscaler: str | None

    def components(self) -> list[Any]:
        """Everything that `show` gives a value to."""
        return [
            self.shelf,
            self.shown,
            self.video,
            self.facts,
            self.enlarge,
            self.recipe,
            self.command,
            self.python,
            self.gallery,
        ]

    def show(self, shelf: list[ShelvedVideo], index: int) -> dict[Any, Any]:
        """What the page looks like with one of the videos in front.

        Args:
            shelf: This visit's videos, the newest first; at least one.
            index: Which of them to show.
        """
        made = shelf[index]
        upscaler = self.upscaler if made.large else None
        can_enlarge = self.upscaler is not None and not made.large
        return {
            self.shelf: shelf,
            self.shown: index,
            self.video: str(made.mp4),
            self.facts: describe(made),
            self.enlarge: gr.update(visible=can_enlarge),
            self.recipe: gr.update(visible=True),
            self.command: as_command(made.request, self.model, upscaler),
            self.python: as_python(made.request, self.model, upscaler),
            self.gallery: gr.update(
                value=[(str(other.mp4), _caption(other)) for other in shelf],
                visible=len(shelf) > 1,
                selected_index=index,
            ),
        }


def draw_result(model: str | None, upscaler: str | None) -> Result:
    """Puts the components where the page is being drawn."""
    shelf = gr.State([], delete_callback=_discard_all)
    shown = gr.State(0)
    video = gr.Video(
        show_label=False,
        autoplay=True,
        loop=True,
        interactive=False,
        include_audio=False,
        buttons=["download"],
        elem_id="video",
    )
    with gr.Row(elem_id="under-video"):
        facts = gr.Markdown(elem_id="facts")
        enlarge = gr.Button(
            "Enlarge 4x", size="sm", min_width=110, scale=0, visible=False, elem_id="enlarge"
        )
    with gr.Accordion("Make it again", open=False, visible=False, elem_id="recipe") as recipe:
        command = _code("shell", "Command line", "command")
        python = _code("python", "Python", "python")
    gallery = gr.Gallery(
        label="This visit",
        columns=4,
        fit_columns=False,
        height="auto",
        object_fit="contain",
        allow_preview=False,
        interactive=False,
        visible=False,
        buttons=[],
        elem_id="gallery",
    )
    return Result(
        shelf=shelf,
        shown=shown,
        video=video,
        facts=facts,
        enlarge=enlarge,
        recipe=recipe,
        command=command,
        python=python,
        gallery=gallery,
        model=model,
        upscaler=upscaler,
    )


def describe(made: ShelvedVideo) -> str:
    """One line of facts, such as "176 x 96, 8 frames at 8 a second, seed 3, made in 4.1 s"."""
    return (
        f"{made.width} x {made.height}, {made.num_frames} frames at {made.fps:g} a second,"
        f" seed {made.request.seed}, {'enlarged' if made.large else 'made'} in {made.wall_s:.1f} s"
    )


def _caption(made: ShelvedVideo) -> str:
    return f"{made.request.prompt}{', 4x' if made.large else ''}"


def _code(language: Any, label: str, name: str) -> gr.Code:  # noqa: ANN401 - a Literal of gradio's
    return gr.Code(
        language=language,
        label=label,
        interactive=False,
        lines=1,
        wrap_lines=True,
        show_line_numbers=False,
        buttons=["copy"],
        elem_id=name,
    )


def _discard_all(shelf: list[ShelvedVideo]) -> None:
    for made in shelf:
        made.discard()
