"""What somebody else puts on a queue: no message ends a worker, or keeps it from the next one."""

import base64
import json
import signal
from uuid import uuid4

import pytest
import redis

from portal.jobs.models import Job
from portal.jobs.queries import HEARTBEAT
from tests.faults.conftest import wait_until

TASK = "portal.jobs.tasks.note_heartbeat"


def message(*, task=TASK, body=None, **changes) -> bytes:
    """Return a message as Celery writes it, with some of its parts changed."""
    body = body if body is not None else json.dumps([[], {"name": "garbage"}, {}]).encode()
    identifier = str(uuid4())
    envelope = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": identifier, "root_id": identifier},
        "properties": {
            "correlation_id": identifier,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "bulk"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }
    return json.dumps(envelope | changes).encode()


def without(name: str) -> bytes:
    envelope = json.loads(message())
    del envelope[name]
    return json.dumps(envelope).encode()


GARBAGE = {
    "a word": b"garbage",
    "an empty list": b"[]",
    "bytes that are no text": b"\xff\xfe",
    "a number": b"7",
    "null": b"null",
    "a text": b'"garbage"',
    "an empty object": b"{}",
    "nothing": b"",
    "nested too deep": b"[" * 100_000,
    "no properties": without("properties"),
    "no headers": without("headers"),
    "no body": without("body"),
    "headers that are a list": message(headers=[]),
    "headers without a task": message(headers={}),
    "headers with a list as the task": message(task=[]),
    "properties that are a list": message(properties=[]),
    "properties without a delivery tag": message(properties={}),
    "a delivery tag that is an object": message(
        properties={"delivery_tag": {}, "delivery_info": {"exchange": "", "routing_key": "bulk"}}
    ),
    "a body that is not base64": message().replace(b'"body": "', b'"body": "!', 1),
    "a body that is a number": message().replace(b'"body": "', b'"body": 7, "was": "', 1),
    "a body encoding that nobody knows": message().replace(b'"base64"', b'"base99"'),
    "a body that is not JSON": message(body=b"\xff\xfe"),
    "a body that is no list": message(body=b"{}"),
    "an unknown task": message(task="portal.jobs.tasks.unknown"),
    "wrong arguments": message(body=json.dumps([[1, 2, 3], {"nobody": 1}, {}]).encode()),
    "an unknown content type": message(**{"content-type": "application/x-unknown"}),
    "pickle": message(**{"content-type": "application/x-python-serialize"}),
    "an unknown content encoding": message(**{"content-encoding": "utf-99"}),
    "an unknown compression": message(headers={"task": TASK, "id": "1", "compression": "x"}),
    "an expiry that is no time": message(headers={"task": TASK, "id": "1", "expires": "soon"}),
    "a start that is no time": message(headers={"task": TASK, "id": "1", "eta": "soon"}),
    "a time limit that is a text": message(headers={"task": TASK, "id": "1", "timelimit": "x"}),
}


def is_noted(name: str) -> bool:
    return Job.objects.filter(kind=HEARTBEAT, key=name).exists()


def push(broker, *messages: bytes):
    with redis.Redis.from_url(broker.url) as client:
        client.lpush("bulk", *messages)


def good_task(name: str) -> bytes:
    return message(body=json.dumps([[], {"name": name}, {}]).encode())


def see_the_next_task_done(broker, workers, name: str, *, seconds: int = 60):
    push(broker, good_task(name))
    wait_until(
        lambda: is_noted(name) or workers.process.poll() is not None,
        seconds=seconds,
        what=f"the task is done that follows {name}",
    )
    assert workers.process.poll() is None, f"{name} ended the worker"


@pytest.mark.abuse("A31")
@pytest.mark.django_db(transaction=True)
def test_no_message_ends_a_worker_or_keeps_it_from_the_next(broker, make_workers):
    """Neither one on a queue nor a command to all workers."""
    workers = make_workers()
    workers.start(beat=False)
    see_the_next_task_done(broker, workers, "the start")
    for name, garbage in GARBAGE.items():
        push(broker, garbage)
        see_the_next_task_done(broker, workers, name)
    with redis.Redis.from_url(broker.url) as client:
        # A task is done a moment before its message is acknowledged.
        wait_until(
            lambda: client.hlen("unacked") == 0,
            seconds=10,
            what="none comes back after its timeout",
        )
        for name, garbage in GARBAGE.items():
            assert client.publish("/0.celery.pidbox", garbage) == 1
            see_the_next_task_done(broker, workers, f"{name} as a command")
    fill_the_broker(broker, workers)
    see_the_next_task_done(broker, workers, "a full broker")


def fill_the_broker(broker, workers):
    """Let the broker refuse what the worker writes, and give it room again."""
    with redis.Redis.from_url(broker.url) as client:
        workers.process.send_signal(signal.SIGSTOP)
        push(broker, good_task("taken while the broker is full"))
        client.config_set("maxmemory", 1)
        workers.process.send_signal(signal.SIGCONT)
        wait_until(
            lambda: client.info("errorstats").get("errorstat_OOM"),
            seconds=60,
            what="the broker refuses what the worker writes",
        )
        client.config_set("maxmemory", 0)
