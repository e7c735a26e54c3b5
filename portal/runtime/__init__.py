"""How Tagout's processes run: settings read, servers reached, workers and their database rights,
health, logs. What people use is in the other rooms.
"""
