"""What happens when something on the page is pressed."""

import html
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gradio as gr

from hdvg.errors import InputError
from vfmodel.app.fields import Fields
from vfmodel.app.result import Result
from vfmodel.app.shelf import ShelvedVideo
from vfmodel.app.studio import SamplingCancelledError, Studio

# Videos of one visit that are kept; at the paper's size each takes 40 MB of disk. Chosen here.
_KEEP = 24
# Seeds that are drawn stay short enough to read out; any other can be typed.
_DRAWN_SEEDS = 2**32

Updates = dict[Any, Any]
T = TypeVar("T")


class Handlers:
    """Turns a page's values into calls of the studio, and what comes of them into a page."""

    def __init__(self, studio: Studio, fields: Fields, result: Result) -> None:
        self._studio = studio
        self._fields = fields
        self._result = result

    def check(self, values: Mapping[Any, Any], request: gr.Request) -> None:
        """Before the queue: nobody should wait for a turn only to be told of a mistake."""
        named = self._with_seed(self._fields.read(values))
        _or_message(lambda: self._studio.read(named))
        self._studio.expect(str(request.session_hash))

    def make(
        self,
        values: Mapping[Any, Any],
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> Updates:
        """Makes a video and puts it on the shelf."""
        named = self._with_seed(self._fields.read(values))
        asked = _or_message(lambda: self._studio.read(named))

        def on_step(done: int) -> None:
            progress((done, asked.steps), desc="Denoising", unit="steps")

        on_step(0)
        visitor = str(request.session_hash)
        made = _or_message(lambda: self._studio.make(asked, visitor, on_step))
        return {self._fields.seed: asked.seed, **self._put(made, values[self._result.shelf])}

    def enlarge(
        self, shelf: list[ShelvedVideo], shown: int, progress: gr.Progress = gr.Progress()
    ) -> Updates:
        """Puts a larger version of the shown video on the shelf."""
        progress(0, desc="Enlarging")
        return self._put(_or_message(lambda: self._studio.enlarge(shelf[shown])), shelf)

    def pick(self, shelf: list[ShelvedVideo], event: gr.SelectData) -> Updates:
        """Shows another video of the shelf."""
        return self._result.show(shelf, int(event.index))

    def cancel(self, request: gr.Request) -> None:
        """Stops what this visitor waits for; also when the page is closed."""
        self._studio.cancel(str(request.session_hash))

    def _with_seed(self, named: dict[str, Any]) -> dict[str, Any]:
        if named.pop("draw_seed"):
            named["seed"] = random.SystemRandom().randrange(_DRAWN_SEEDS)
        return named

    def _put(self, made: ShelvedVideo, shelf: list[ShelvedVideo]) -> Updates:
        for old in shelf[_KEEP - 1 :]:
            old.discard()
        return self._result.show([made, *shelf[: _KEEP - 1]], 0)


def _or_message(work: Callable[[], T]) -> T:
    """Turns what a visitor can mend into a message on the page, which is HTML there."""
    try:
        return work()
    except InputError as error:
        raise gr.Error(
            html.escape(str(error)), title="That does not work", print_exception=False
        ) from error
    except SamplingCancelledError as error:
        raise gr.Error("cancelled", visible=False, print_exception=False) from error
