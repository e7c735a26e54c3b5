"""Rounds over many subjects, of which one that fails must not stop the others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from celery.exceptions import SoftTimeLimitExceeded

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RoundFailures:
    """What failed in a round, a sentence for each subject."""

    sentences: list[str] = field(default_factory=list)

    @contextmanager
    def isolate(self, subject: object) -> Iterator[None]:
        """Run the block, which is one transaction or reads only; where it fails, log and list that,
        and go on. A worker whose time is over is stopped all the same.
        """
        try:
            yield
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("%s failed in this round", subject)
            self.sentences.append(f"{subject}: {type(error).__name__}: {error}")

    def __str__(self) -> str:
        return " ".join(self.sentences)
