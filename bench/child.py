"""What a Celery child holds in memory after storing twenty pages: prints resident KiB."""

import os

PAGES = 20


def main() -> None:
    """Load what a worker loads, store pages, look."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from django.db import transaction

    from alerts.intake.services.pages import store_page
    from alerts.sentinel.models import Workspace
    from alerts.sentinel.wire import read_incident_page
    from bench.plant_pages import NOW, PAGE, page
    from bench.web import resident_kib
    from portal.celery import app

    app.loader.import_default_modules()
    app.finalize()
    workspace = Workspace.objects.create(
        name="bench-child", tenant_id="t", subscription_id="s", resource_group="r",
        workspace_name="bench-child", credential="client-secret", added_at=NOW,
    )  # fmt: skip
    for k in range(PAGES):
        found = read_incident_page(page(k, n=PAGES * PAGE))
        with transaction.atomic():
            store_page(workspace_id=workspace.pk, page=found, now=NOW)
    print(resident_kib(os.getpid()))


if __name__ == "__main__":
    main()
