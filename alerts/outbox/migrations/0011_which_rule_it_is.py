from django.db import migrations, models

STAYS = """
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER which_rule_it_is_stays BEFORE UPDATE OF workspace_id, name, kind, about, label
    ON outbox_wantedrule FOR EACH ROW
    WHEN (ROW(OLD.workspace_id, OLD.name, OLD.kind, OLD.about, OLD.label)
        IS DISTINCT FROM ROW(NEW.workspace_id, NEW.name, NEW.kind, NEW.about, NEW.label))
    EXECUTE FUNCTION refuse_changes_but();
"""


class Migration(migrations.Migration):
    """A row of desired state stays the one it is, and a workspace has one gate of each kind."""

    dependencies = [
        ("outbox", "0010_no_check_in_the_row"),
        ("audit", "0004_guarded_record"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="wantedrule",
            constraint=models.UniqueConstraint(
                fields=["workspace", "kind"],
                condition=models.Q(kind__in=("gate", "list", "listgate")),
                name="a_workspace_has_one_gate_of_a_kind",
            ),
        ),
        migrations.RunSQL(STAYS, "DROP TRIGGER which_rule_it_is_stays ON outbox_wantedrule"),
    ]
