"""Work as rows: due, claim, lease, fence, attempts (reliability G2). Also keeps the one offset row
of the demo's clock. Intake, outbox and notifications build on `models.Leased`. Knows nothing of
the work itself. Doors: `services.claim_due`, `services.settle`, `services.put_back`.
"""
