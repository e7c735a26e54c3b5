"""The hashed static files of a real installation: modules find each other, and the styles of every
page are one small file.
"""

import gzip
import re

from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.test import override_settings


def test_files_name_hashed_files_and_style_sheets_hold_their_imports(tmp_path):
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "portal.ui.static_files.HashedStaticFiles"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=tmp_path):
        command = Command()
        command.set_options(
            interactive=False,
            verbosity=0,
            link=False,
            clear=False,
            dry_run=False,
            ignore_patterns=[],
            use_default_ignore_patterns=True,
            post_process=True,
        )
        command.collect()
    [app] = (tmp_path / "ui/js").glob("app.*.js")
    names = re.findall(r'"\./([a-z]+\.[0-9a-f]{12}\.js)"', app.read_text())
    assert len(names) >= 9
    assert all((tmp_path / "ui/js" / name).exists() for name in names)
    [kit] = (tmp_path / "ui/css").glob("kit.*.css")
    styles = kit.read_text()
    assert re.search(r"inter-latin\.[0-9a-f]{12}\.woff2", styles)
    assert "@import" not in styles and "/*" not in styles
    assert ".palette" in styles  # of the latest sheet that is imported
    assert len(gzip.compress(kit.read_bytes())) <= 12 * 1024  # a page may weigh 25 KB
