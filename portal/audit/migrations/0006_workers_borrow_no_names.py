from importlib import import_module

from django.db import migrations

now = import_module("portal.audit.migrations.0001_squashed_0006_workers_borrow_no_names")


class Migration(migrations.Migration):
    """A worker writes no entry under the name of a person that it does not name by the account."""

    dependencies = [("audit", "0005_trigger_of_the_record_alone")]
    operations = [migrations.RunSQL("SET LOCAL lock_timeout = '3s';" + now.CHAIN, migrations.RunSQL.noop)]
