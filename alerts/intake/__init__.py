"""The door in: pull what changed, translate, hand over; cursors and runs. Works through
`sentinel.client`, stores through `incidents.ingest`. Doors: commands `sync`, tasks of queue
`intake`, `queries` for status pages.
"""
