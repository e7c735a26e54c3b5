"""How much of a capture is read, so that no file can exhaust a worker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one reading; where one is met, reading stops and says so.

    `seconds` counts from the first frame. The state kept between frames is bounded as well:
    `flows` TCP connections, `conversations` rows and `pending_bytes` per direction of a connection.
    """

    frames: int = 1_000_000
    bytes: int = 128 * 1024 * 1024
    seconds: float = 40.0
    frame_bytes: int = 262_144
    flows: int = 20_000
    conversations: int = 50_000
    pending_bytes: int = 1024 * 1024
    fragments: int = 1_000
    operations: int = 5_000
