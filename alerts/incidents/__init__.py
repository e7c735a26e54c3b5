"""What is known: incidents, alerts and entities as we keep them. Hot rows are narrow, raw JSON
stands apart; groups of equal pattern are rows. Rows show what Sentinel last said, overlaid with
what is still owed to it. Must not know who asked OT or which rule closes: reviews and suppression
write `ot_state` and `closed_by` through `services`. Doors: `queries`, `services`, `/incidents/`.
"""
