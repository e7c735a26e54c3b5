"""People, organisations, grants and sign-in. Knows no wing: a grant names its scope by kind and
UUID. Doors: `actor_of(request)`, `queries.reach_of(user)`, `services`.
"""
