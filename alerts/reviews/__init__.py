"""What the SOC asks and what OT says: reviews and annotations (pages say "verdict"). A verdict
suppresses nothing. Doors: `queries`, `services.ask_ot`, `services.give_verdict`, `/reviews/`;
the incident page includes `/reviews/for-incident/ID/panel` (contract: `web/panel.py`).
"""
