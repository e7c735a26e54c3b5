"""Microsoft Graph's security records, put into Sentinel's own words and back. No Django.

An incident of the Defender portal becomes the document that the resource manager would have sent,
so that one reader, one row and one comparison serve both. What Sentinel has no word for is kept as
it came, under `graph`, and flagged; what cannot be written back is named.
"""
