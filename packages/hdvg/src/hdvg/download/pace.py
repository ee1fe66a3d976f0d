"""Who may ask which site when: a token bucket and a circuit breaker for each egress and site.

An egress is a way out of this machine: a proxy, or the direct one. Sites count what one address
asks of them, and lock it out for a while when it asks too much. Then every worker that uses it has
to stop, not only the one that was told. Time is an argument here, so that none of this needs a
clock.
"""

from dataclasses import dataclass
from typing import NamedTuple

# "Try again later" names no time: half a minute at first, twice that when it does not help.
FIRST_PAUSE_S = 30.0
# A guest session of YouTube is locked out for up to an hour.
MAX_PAUSE_S = 3600.0
# After a pause one video goes first to see. If nothing is heard of it so long, another one does.
PROBE_S = 120.0
# The others ask again that often, since it may be back at any moment.
PROBE_POLL_S = 2.0
# So much of an hour's share may go at once, so that a short list need not wait.
BURST_H = 0.1
_MAX_DOUBLINGS = 16


class Turn(NamedTuple):
    """An answer to `Pace.claim`.

    Attributes:
        egress: Which one to use now; -1 if none can be used yet.
        wait_s: Ask again after so many seconds; 0 if an egress is given.
        at_s: When it was given.
        is_closed: Whether the wait is the site's wish, and not only an empty bucket.
        closed_s: For how long the site has let nobody through.
    """

    egress: int
    wait_s: float
    at_s: float
    is_closed: bool = False
    closed_s: float = 0.0


@dataclass
class _Lane:
    """What one egress and one site have had to do with each other."""

    tokens: float
    filled_s: float
    closed_until_s: float
    tripped_s: float = float("-inf")
    num_trips: int = 0
    first_trip_s: float = float("inf")
    is_probed: bool = False
    used_s: float = float("-inf")


class Pace:
    """Hands out turns.

    Args:
        num_egresses: How many there are.
        rates: Videos an hour by site.
        default_rate: Videos an hour for every other site; 0 is no limit.
        first_pause_s: The breaker's first pause where the site names none.
    """

    def __init__(
        self,
        num_egresses: int,
        rates: dict[str, float],
        default_rate: float = 0.0,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._num_egresses = num_egresses
        self._rates = rates
        self._default_rate = default_rate
        self._first_pause_s = first_pause_s
        self._lanes: dict[tuple[str, int], _Lane] = {}

    def claim(self, site: str, avoid: frozenset[int], now_s: float) -> Turn:
        """Asks for a turn: of the egresses that are free, the one that has rested longest.

        Args:
            site: A host.
            avoid: Egresses that are of no use for this video; at least one must be left.
            now_s: Seconds of any clock that only grows.
        """
        numbers = [number for number in range(self._num_egresses) if number not in avoid]
        assert numbers, "no egress is left"
        lanes = {number: self._lane(site, number, now_s) for number in numbers}
        waits = {number: self._wait_s(site, lane, now_s) for number, lane in lanes.items()}
        free = [number for number in numbers if waits[number] <= 0]
        if not free:
            first_s = max(lane.first_trip_s for lane in lanes.values())
            is_closed = first_s < float("inf")
            closed_s = now_s - first_s if is_closed else 0.0
            return Turn(-1, min(waits.values()), now_s, is_closed, closed_s)
        chosen = min(free, key=lambda number: lanes[number].used_s)
        lane = lanes[chosen]
        lane.used_s = now_s
        lane.tokens -= 1
        if lane.num_trips:
            lane.closed_until_s, lane.is_probed = now_s + PROBE_S, True
        return Turn(egress=chosen, wait_s=0.0, at_s=now_s)

    def settle(
        self, site: str, turn: Turn, now_s: float, *, throttled: bool, retry_after_s: float = 0.0
    ) -> None:
        """Tells how a turn went.

        Args:
            site: As in `claim`.
            turn: What `claim` gave.
            now_s: As in `claim`.
            throttled: Whether the site asked to slow down.
            retry_after_s: For how long, if it said so.
        """
        lane = self._lane(site, turn.egress, now_s)
        if turn.at_s <= lane.tripped_s:
            # Given before the breaker was tripped: what it met is the trouble that is known.
            return
        lane.is_probed = False
        if not throttled:
            lane.num_trips, lane.closed_until_s, lane.first_trip_s = 0, now_s, float("inf")
            return
        pause_s = (retry_after_s or self._first_pause_s) * 2 ** min(lane.num_trips, _MAX_DOUBLINGS)
        lane.num_trips += 1
        lane.first_trip_s = min(lane.first_trip_s, now_s)
        lane.tripped_s = now_s
        lane.closed_until_s = now_s + min(pause_s, MAX_PAUSE_S)

    def _rate(self, site: str) -> float:
        return self._rates.get(site, self._default_rate)

    def _lane(self, site: str, egress: int, now_s: float) -> _Lane:
        """The lane, with its bucket filled up to now."""
        rate = self._rate(site)
        burst = max(1.0, rate * BURST_H)
        fresh = _Lane(tokens=burst, filled_s=now_s, closed_until_s=now_s)
        lane = self._lanes.setdefault((site, egress), fresh)
        earned = (now_s - lane.filled_s) * rate / 3600 if rate else burst
        lane.tokens = min(burst, lane.tokens + earned)
        lane.filled_s = now_s
        return lane

    def _wait_s(self, site: str, lane: _Lane, now_s: float) -> float:
        """Seconds until the lane is free; 0 or less if it is."""
        rate = self._rate(site)
        until_token_s = (1 - lane.tokens) * 3600 / rate if rate else 0.0
        until_open_s = lane.closed_until_s - now_s
        if lane.is_probed:
            until_open_s = min(until_open_s, PROBE_POLL_S)
        return max(until_token_s, until_open_s)
