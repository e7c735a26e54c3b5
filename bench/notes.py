"""What people wrote about the incidents of a size: a comment and a note for each of them.

A text has seventeen words of a vocabulary of 20,000, about 150 characters. The word of rank k is in
about 1.7 / k of the texts, so that there are words for every plan: in most texts, in one of a
hundred, in a handful. None begins another. A hundred thousand texts are drawn and then repeated;
comment and note of an incident are two of them.
"""

from hashlib import md5
from typing import Any, Final

from bench.past import without_indexes, without_timeout

VOCABULARY: Final = 20_000
_TABLES: Final = ("incidents_comment", "incidents_timelineitem")
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


def word(rank: int) -> str:
    """The word of this rank; rank 1 is the most frequent."""
    return md5(str(rank).encode(), usedforsecurity=False).hexdigest()[:8].translate(_LETTERS)


def searches() -> list[str]:
    """Words whose frequencies halve, two at once, and one that nobody wrote."""
    ranks = [2**power for power in range(VOCABULARY.bit_length())]
    return [*(word(rank) for rank in ranks), f"{word(2)} {word(60)}", word(0)]


def fill() -> None:
    """Write a comment and a note about every incident that is stored."""
    from django.db import connection

    params: dict[str, Any] = {"vocabulary": VOCABULARY}
    with connection.cursor() as cursor, without_timeout():
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_DRAW, params)
        with without_indexes(_TABLES):
            for statement in (_COMMENTS, _NOTES):
                cursor.execute(statement, params)
        cursor.execute("DROP TABLE texts")


_DRAW = """
CREATE TEMP TABLE texts AS
SELECT number, string_agg(substr(translate(md5(rank::text), '0123456789', 'ghijklmnop'), 1, 8), ' ')
               AS words
  FROM (SELECT number, floor(power(%(vocabulary)s, random()))::int AS rank
          FROM generate_series(0, 99999) AS number, generate_series(1, 17)) AS dice
 GROUP BY number
"""
_COMMENTS = """
INSERT INTO incidents_comment (incident_id, name, author, message, created_at, ours)
SELECT i.id, 'bench', 'Analyst', t.words, i.created_at, false
  FROM incidents_incident i JOIN texts t ON t.number = i.id %% 100000 ORDER BY i.id
"""
_NOTES = """
INSERT INTO incidents_timelineitem (incident_id, at, side, by_label, code, details)
SELECT i.id, i.created_at, 'ot', 'Crew', 'answered',
       jsonb_build_object('verdict', 'routine', 'note', t.words)
  FROM incidents_incident i JOIN texts t ON t.number = i.id * 7 %% 100000 ORDER BY i.id
"""
