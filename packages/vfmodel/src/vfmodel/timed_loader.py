"""A data loader that knows how long training has waited for it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import DataLoader


class TimedLoader(DataLoader[Any]):
    """torch's loader, which also adds up the time spent in asking it for batches.

    Attributes:
        waited_s: Seconds that `next` took, in all. With worker processes that keep up it stays near
            zero; without, it is the time of reading.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401
        clock: Callable[[], float] = time.perf_counter,
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*arguments, **options)
        self.waited_s = 0.0
        self._clock = clock

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """The batches."""
        batches = super().__iter__()
        while True:
            asked_s = self._clock()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self.waited_s += self._clock() - asked_s
            yield batch
