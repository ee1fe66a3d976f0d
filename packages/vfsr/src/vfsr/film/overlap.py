"""Work on two things at once: items made ahead of who takes them, or taken after who made them.

Both are one thread and a queue of bounded length. FFmpeg and torch let other threads run while
they compute.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

# How soon a thread sees that the other has gone; a hand-over itself does not wait.
_LOOK_S = 0.1


class _Channel(Generic[T]):
    """A queue whose ends may go away: the giver by `finish`, either side by `give_up`."""

    def __init__(self, length: int) -> None:
        self._queue: Queue[tuple[T] | None] = Queue(length)
        self._abandoned = Event()

    def put(self, item: T) -> bool:
        """Whether the item was taken in; False if the other side is gone."""
        return self._put((item,))

    def finish(self) -> None:
        self._put(None)

    def give_up(self) -> None:
        self._abandoned.set()

    def _put(self, item: tuple[T] | None) -> bool:
        while not self._abandoned.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[T]:
        """The items until `finish`; GaveUp if the giver went away before."""
        while True:
            try:
                item = self._queue.get(timeout=_LOOK_S)
            except Empty:
                if self._abandoned.is_set():
                    raise _GaveUpError from None
                continue
            if item is None:
                return
            yield item[0]


class _GaveUpError(Exception):
    """The other side is gone."""


@contextmanager
def ahead(items: Iterable[T], length: int) -> Iterator[Iterator[T]]:
    """Iterates over `items` in a thread; what it raises is raised where they are taken.

    Args:
        items: Used in that thread only.
        length: Most items that wait to be taken.
    """
    channel: _Channel[T] = _Channel(length)
    failures: list[BaseException] = []

    def fill() -> None:
        try:
            for item in items:
                if not channel.put(item):
                    return
        except BaseException as error:  # noqa: BLE001  # raised again by `taken`
            failures.append(error)
        finally:
            channel.finish()

    def taken() -> Iterator[T]:
        yield from channel
        if failures:
            raise failures[0]

    thread = Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        channel.give_up()
        thread.join()


@contextmanager
def behind(take: Callable[[Iterator[T]], None], length: int) -> Iterator[Callable[[T], None]]:
    """Runs `take` in a thread on what the yielded function is called with.

    Leaving the block waits until everything is taken; leaving it by an exception ends the thread at
    the next item. What `take` raises is raised by the next call, or at the end of the block.

    Args:
        take: Given an iterator over the items.
        length: Most items that wait to be taken.
    """
    channel: _Channel[T] = _Channel(length)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            take(iter(channel))
        except _GaveUpError:
            pass
        except BaseException as error:  # noqa: BLE001  # raised again by `give`
            failures.append(error)
        finally:
            channel.give_up()

    def give(item: T) -> None:
        if not channel.put(item):
            thread.join()
            raise failures[0]

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield give
        channel.finish()
    except BaseException:
        channel.give_up()
        raise
    finally:
        thread.join()
    if failures:
        raise failures[0]
