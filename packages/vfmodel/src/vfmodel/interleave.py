"""Several streams made one: whose turn it is at each place, evenly and without a random draw.

A pure function of the place, so that a run that resumes there replays nothing.
"""

from collections.abc import Sequence
from fractions import Fraction


class Interleaving:
    """Streams that take turns in proportion to their weights.

    Of the first n places, stream i has had n times its share, to within the number of streams.
    Chosen over drawing lots, because lots would let each batch hold another mixture, and because
    the turns of a stream can be counted in closed form: the first has floor(n * share) of n, and
    the others share the rest in the same way. Fractions keep that exact for any n.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        """Takes positive weights; only their ratios matter."""
        exact = [Fraction(str(weight)) for weight in weights]
        assert exact
        assert min(exact) > 0
        self._shares = [weight / sum(exact[i:]) for i, weight in enumerate(exact)]

    def turn(self, place: int) -> tuple[int, int]:
        """Whose turn it is at a place >= 0, and how many turns the same stream had before."""
        for stream, share in enumerate(self._shares):
            before = place * share.numerator // share.denominator
            if (place + 1) * share.numerator // share.denominator > before:
                return stream, before
            place -= before
        raise AssertionError("the last share is 1")
