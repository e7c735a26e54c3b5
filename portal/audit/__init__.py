"""Append-only record of who did what, to what, when and why, as one SHA-256 chain that the
database computes (reliability G7, G14). Imports nothing of what it records. Doors:
`services.record`, `queries.verify_chain`.
"""
