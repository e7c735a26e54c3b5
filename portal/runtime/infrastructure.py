"""The database and the broker below the portal, probed for the status page."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

PATIENCE = 0.1  # seconds; a broker that needs longer does not answer
MEGABYTE = 1024**2


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Which PostgreSQL it is and how much it holds."""

    version: str
    size: int  # bytes, in whole megabytes: a page that is asked again sees no news in a few bytes


def database_facts() -> DatabaseFacts:
    """Version and size of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database())"
        )
        version, size = cursor.fetchone()
    return DatabaseFacts(version.split()[0], size // MEGABYTE * MEGABYTE)


def is_broker_reachable(*, url: str = "", within: float = PATIENCE) -> bool:
    """Return whether the broker answers, after `within` seconds at the latest.

    A thread asks: looking up a name cannot be bounded by any timeout of a socket.
    """
    asker = ThreadPoolExecutor(max_workers=1)
    try:
        return asker.submit(ping_broker, url or settings.REDIS_URL, within).result(timeout=within)
    except (RedisError, OSError, TimeoutError, ValueError):
        return False
    finally:
        asker.shutdown(wait=False)


def ping_broker(url: str, within: float) -> bool:
    """Return whether the broker answers a ping. Raises RedisError, OSError or ValueError, after
    `within` seconds to connect and as many to answer, and after as long as names take to look up.
    """
    client = Redis.from_url(
        url,
        socket_timeout=within,
        socket_connect_timeout=within,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    finally:
        client.close()
