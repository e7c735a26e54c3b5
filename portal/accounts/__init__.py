"""People, organisations, grants and sign-in. Imports no wing: a grant names its scope by kind and
UUID. Doors: `actor_of(request)`, `queries.reach_of(user)`, `services`.
"""
