"""What every REST resource under /api/v1/ shares: who asks (`authentication`), what a list offers
(`listing`), how commands are carried out once (`commands`), what goes wrong (`problems`), and the
description of it all (`schema`). Depends on no wing: rooms subclass `views.Resource` in their
`api/`.
"""
