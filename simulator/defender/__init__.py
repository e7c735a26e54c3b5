"""The Defender portal behind Sentinel: what onboarding a workspace changes, and its own records."""
