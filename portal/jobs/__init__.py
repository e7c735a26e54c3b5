"""Work as rows: due, claim, lease, fence, attempts (reliability G2). Also keeps the one offset row
of the demo's clock. Intake, outbox and notifications build on `models.Leased`. Imports nothing of
the work itself. Doors: `services.run_while_due`, `claim_due`, `do_next`, `put_back_after`,
`settle`, `put_back`.
"""
