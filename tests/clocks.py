"""Both clocks in the hand of a test, also where rows are written that several tests share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

Clock = Callable[[], datetime]


@contextmanager
def clocks_set(*, business: Clock, unshifted: Clock) -> Iterator[None]:
    """For a while, business time and the unshifted clock are what these functions return."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.clock.now", business)
        patch.setattr("portal.clock.unshifted", unshifted)
        yield
