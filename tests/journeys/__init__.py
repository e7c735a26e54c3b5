"""The main job walked in a real browser: real clients over TLS, real mail, pretend Sentinel."""
