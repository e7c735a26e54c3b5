"""The hashed static files of a real installation: modules and style sheets find each other."""

import re

from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.test import override_settings


def test_module_imports_and_fonts_name_hashed_files(tmp_path):
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "portal.ui.storage.HashedStaticFiles"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=tmp_path):
        command = Command()
        command.set_options(
            interactive=False, verbosity=0, link=False, clear=False, dry_run=False,
            ignore_patterns=[], use_default_ignore_patterns=True, post_process=True,
        )  # fmt: skip
        command.collect()
    [app] = (tmp_path / "ui/js").glob("app.*.js")
    names = re.findall(r'"\./([a-z]+\.[0-9a-f]{12}\.js)"', app.read_text())
    assert len(names) >= 9
    assert all((tmp_path / "ui/js" / name).exists() for name in names)
    [base] = (tmp_path / "ui/css").glob("base.*.css")
    assert re.search(r"inter-latin\.[0-9a-f]{12}\.woff2", base.read_text())
