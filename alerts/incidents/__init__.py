"""What is known: incidents, alerts and entities as we keep them. Hot rows are narrow, raw JSON is
stored apart; groups of equal pattern are rows. Rows show Sentinel's latest state, overlaid with
what is still owed to it. An act on more than 50 incidents is a row too (`BulkAct`), done piece by
piece by a worker that skips, with a reason, what it may not or need not change. Must not depend on
who asked OT or which rule closes: reviews and suppression write `ot_state` and `closed_by` through
`ingest.overlay` and `acts.close`. Rows are handed out without verdicts that reviews hides from
their reader (`hidden_verdicts`).

Folders by what people do: `ingest` makes rows of what was fetched, `acts` carries out what people
and rules decide, `queue` and `page` read what is shown. Doors: `queries`, these four, `tasks`,
`/incidents/`.
"""
