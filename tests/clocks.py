"""Both clocks in the hand of a test, also where rows are written that several tests share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

type Clock = Callable[[], datetime]


def set_clocks(patch: pytest.MonkeyPatch, *, business: Clock, unshifted: Clock) -> None:
    """Have business time and the unshifted clock be what these functions return. A test gives its
    own `monkeypatch`, so that all it changes is put back in order.
    """
    patch.setattr("portal.clock.now", business)
    patch.setattr("portal.clock.unshifted", unshifted)


@contextmanager
def clocks_set(*, business: Clock, unshifted: Clock) -> Iterator[None]:
    """The same for a while, where no test runs yet."""
    with pytest.MonkeyPatch.context() as patch:
        set_clocks(patch, business=business, unshifted=unshifted)
        yield
