"""Microsoft Graph as far as its security incidents and alerts go: version v1.0, root /security."""
