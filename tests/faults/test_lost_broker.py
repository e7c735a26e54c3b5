"""A broker that is lost with messages under way: channels are closed as the consumer does it."""

from contextlib import suppress

import pytest
import redis
from kombu import Consumer, Queue

import embedded
from portal.celery import app


@pytest.fixture
def connection(broker):
    connection = app.connection_for_read(broker.url)
    yield connection
    connection.close()


def take_a_message(connection):
    """Consume as a worker does: one message is taken and not acknowledged, the next is waited for,
    and a second channel listens for commands. Returns the message.
    """
    taken = []
    channel = connection.default_channel
    channel.basic_qos(0, 2, True)
    Consumer(channel, [Queue("bulk")], accept=["json"], on_message=taken.append).consume()
    box = app.control.mailbox.Node("worker@here", channel=connection.channel())
    box.listen(callback=lambda *_: None)
    with app.connection_for_write(connection.as_uri()) as link:
        app.send_task("portal.jobs.tasks.note_heartbeat", queue="bulk", connection=link)
    while not taken:
        connection.drain_events(timeout=60)
    with suppress(TimeoutError):
        connection.drain_events(timeout=0.2)
    assert channel._in_poll, "it waits for the next message"
    return taken[0]


def test_a_connection_is_closed_without_the_broker_whatever_was_under_way(broker, connection):
    message = take_a_message(connection)
    embedded._kill_valkey(broker.folder)
    connection.collect()
    connection.close()
    with pytest.raises(connection.connection_errors):  # which Celery logs
        message.ack()


def test_what_was_not_acknowledged_is_put_back_where_only_the_connection_is_lost(
    broker, connection
):
    take_a_message(connection)
    with redis.Redis.from_url(broker.url) as client:
        for kind in ("normal", "pubsub"):
            client.client_kill_filter(_type=kind, skipme=True)
    connection.collect()
    connection.close()
    with app.connection_for_read(broker.url) as again:
        assert again.default_channel.client.llen("bulk") == 1


def test_a_message_that_could_not_be_acknowledged_keeps_no_other_from_being_taken(
    broker, connection
):
    """Else a worker with one child, which takes one message at a time, would take none for ever."""
    message = take_a_message(connection)
    qos = connection.default_channel.qos
    qos.prefetch_count = 1
    assert not qos.can_consume()
    embedded._kill_valkey(broker.folder)
    with pytest.raises(connection.connection_errors):
        message.ack()
    assert qos.can_consume()
