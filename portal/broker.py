"""The transport of Celery's messages: Redis, but a message that nobody can read ends no worker.

Kombu raises what a malformed message raises, out of the worker's event loop, and the worker ends.
One such message on each queue would stop all work. Messages only wake workers, so one that cannot
be read is logged and dropped; the next tick wakes them again.
"""

import logging
from collections.abc import Callable
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

# Kombu counts KeyError as a lost connection; here it means that a message lacks a part.
BROKER_ERRORS: tuple[type[Exception], ...] = tuple(
    error
    for error in redis.Transport.connection_errors + redis.Transport.channel_errors
    if error is not KeyError
)

log = logging.getLogger(__name__)


class Channel(redis.Channel):
    """Drops messages that cannot be read or handled."""

    def basic_consume(
        self,
        queue: str,
        no_ack: bool,
        callback: Callable[..., Any] | None,
        consumer_tag: str | None,
        **kwargs: Any,
    ) -> str:
        """Consume; a message whose callback fails is rejected, so that it never comes back."""

        def handle(message: Any) -> None:
            try:
                if callback is not None:
                    callback(message)
            except BROKER_ERRORS:
                raise
            except Exception:
                log.exception("Dropped a message of the queue %s.", queue)
                if not no_ack and not message.acknowledged:
                    message.reject()

        tag: str = super().basic_consume(queue, no_ack, handle, consumer_tag, **kwargs)
        return tag

    def _brpop_read(self, **options: Any) -> Any:
        """Read the next message; raises Empty where it was none."""
        return _read(super()._brpop_read, **options)  # type: ignore[misc]  # in no stub

    def _receive_one(self, client: Any) -> Any:
        """Read the next control message; raises Empty where it was none."""
        return _read(super()._receive_one, client)  # type: ignore[misc]  # in no stub


def _read(read: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what `read` does; a message that it fails on counts as none."""
    try:
        return read(*args, **options)
    except Empty:
        raise
    except BROKER_ERRORS:
        raise
    except Exception:
        log.exception("Dropped a message that cannot be read.")
        raise Empty from None


class Transport(redis.Transport):
    """Redis, with channels that drop what cannot be read."""

    Channel = Channel


def register() -> None:
    """Use this transport for redis:// and rediss://."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
