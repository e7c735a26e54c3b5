"""What the SOC asks and what OT says: questions and verdicts. A verdict suppresses nothing.
Suspicious answers, and a few harmless ones, are put to a second person who does not see the first
answer anywhere (`queries.second_opinions`); two of three decide (decision 0011).
Doors: `queries`, `services.questions`, `services.verdicts`, `services.second_opinions`,
`/reviews/`; the incident page includes `/incidents/ID/verdict/panel/` (contract: `web/panel.py`).
"""
