"""When a stream of incidents is a storm: far above its own rhythm (suppression §8)."""

from datetime import timedelta
from typing import Final, NamedTuple

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
RHYTHM: Final = timedelta(days=28)  # how far back a rhythm is read
MIN_STORM: Final = 20  # incidents; fewer are no storm, however quiet it was before
TIMES_ABOVE: Final = 3  # the busiest hour, or the busiest day, of the rhythm
# The last part of a day must hold a quarter of its share, or the storm of that day is over.
LATEST_PART: Final = 8
SHARE_OF_LATEST: Final = 4


class StreamRate(NamedTuple):
    """How many incidents of a stream came in the window that ends with its latest, in the busiest
    window of the same length before, and in the latest eighth of the window.
    """

    window: timedelta
    n: int
    busiest: int
    latest: int

    @property
    def is_storm(self) -> bool:
        """Whether so many are far above the stream's own rhythm."""
        return self.n >= max(MIN_STORM, TIMES_ABOVE * self.busiest) and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether the day was that of a storm which has ended: what comes after it is ordinary."""
        expected = self.n / LATEST_PART
        return self.window > HOUR and self.latest * SHARE_OF_LATEST < expected

    @property
    def is_above_rhythm(self) -> bool:
        """Whether more came than ever before: a storm that has begun goes on."""
        return self.n > self.busiest


def storm_among(rates: tuple[StreamRate, ...]) -> StreamRate | None:
    """Return the first rate that makes the stream a storm."""
    return next((rate for rate in rates if rate.is_storm), None)


def is_like_the_rest(*, is_critical: bool, is_peer_usual: bool, has_usual_peers: bool) -> bool:
    """Whether an incident of a storm joins its fold. What touches a safety system or a crown jewel
    never does; nor does a peer that the source never met before, unless the source itself is new.
    """
    return not is_critical and (is_peer_usual or not has_usual_peers)
