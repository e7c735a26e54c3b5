"""Addresses of the lesson editor."""

from django.urls import path

from training.catalog.web.views import changes, editor, modules

app_name = "authoring"
urlpatterns = [
    path("", modules.modules, name="modules"),
    path("upload/", changes.upload_modules_view, name="upload"),
    path("changes/", changes.draft_changes, name="changes"),
    path("changes/publish/", changes.publish, name="publish"),
    path("changes/discard/", changes.discard_drafts_view, name="discard"),
    path("export/<slug:kind>/", modules.export, name="export"),
    path("paths/", modules.paths, name="paths"),
    path("modules/<slug:module>/", modules.module_files, name="module"),
    path("modules/<slug:module>/new/", modules.add_file, name="add-file"),
    path("modules/<slug:module>/remove/", modules.draft_removal, name="remove-module"),
    path("modules/<slug:module>/offer/", modules.offer, name="offer"),
    path("modules/<slug:module>/file/<path:path>", editor.edit_file, name="edit"),
]
