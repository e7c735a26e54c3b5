"""Static files with the hash of their content in the name, module imports included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """WhiteNoise's storage; `import` and `export … from` in modules name the hashed files too."""

    support_js_module_import_aggregation = True
