"""The transport of Celery's messages: Redis, but no worker ends over a message that nobody can
read, or a broker that goes away.

Kombu raises what a malformed message raises, out of the worker's event loop, and the worker ends.
One such message on each queue would stop all work. Messages only wake workers, so one that cannot
be read is logged and dropped; the next tick wakes them again.

When the broker goes away kombu closes channels, and puts back what was not acknowledged: by a
connection that it has already taken apart, which raises what no worker survives. Here a channel is
closed to its end; what cannot be put back the broker redelivers after its time, if it has it still.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as NotConnected

# Kombu counts KeyError as a lost connection; here it means that a message lacks a part.
BROKER_ERRORS: tuple[type[Exception], ...] = tuple(
    error
    for error in redis.Transport.connection_errors + redis.Transport.channel_errors
    if error is not KeyError
)

log = logging.getLogger(__name__)


class QoS(redis.QoS):
    """Counts a message as done that could not be acknowledged, because the broker was away: the
    broker redelivers it. Counted as under way, it would keep its place among those that a worker
    may take at a time for ever, and a worker with one child would take no other.
    """

    _quick_ack: Callable[[str], None]

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge; raises one of BROKER_ERRORS when the broker is away."""
        with self._counted_as_done(delivery_tag):
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Reject; raises one of BROKER_ERRORS when the broker is away."""
        with self._counted_as_done(delivery_tag):
            super().reject(delivery_tag, requeue=requeue)

    @contextmanager
    def _counted_as_done(self, delivery_tag: str) -> Iterator[None]:
        try:
            yield
        except BROKER_ERRORS:
            self._quick_ack(delivery_tag)
            raise


class Channel(redis.Channel):
    """Drops messages that cannot be read or handled, and closes whatever the broker does."""

    QoS = QoS

    def close(self) -> None:
        """Close to the end. What fails because the broker is away had to be done there, not here;
        left half closed, the channel would be closed again when its connection is in pieces.
        """
        try:
            super().close()
        except BROKER_ERRORS:
            log.info("The broker is away; a channel is closed without it.")
            channel: Any = self  # the stubs lack most of it
            with suppress(*BROKER_ERRORS):  # only the connection may have been lost
                channel.qos.restore_unacked_once()
            channel.connection.cycle.discard(self)
            channel._disconnect_pools()
            channel._close_clients()
            channel.closed = True
            channel.connection.close_channel(self)

    def _connparams(self, asynchronous: bool = False) -> Any:
        """Return how to connect; a channel whose connection was taken apart is not connected, which
        everybody who uses channels handles.
        """
        if self.connection is None or self.connection.client is None:
            raise NotConnected("The connection of this channel has been closed.")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # in no stub

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
