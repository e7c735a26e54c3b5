"""What a Celery child holds in memory after storing twenty pages: prints resident KiB."""

import os

PAGES = 20


def main() -> None:
    """Load what a worker loads, store pages, look."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from bench.plant_pages import NOW, PAGE, store_in
    from bench.setup import as_a_worker, make_workspace
    from bench.web import resident_kib
    from portal.celery import app

    app.loader.import_default_modules()
    app.finalize()
    as_a_worker()
    store_in(make_workspace("bench-child", now=NOW).pk, PAGES * PAGE)
    print(resident_kib(os.getpid()))


if __name__ == "__main__":
    main()
