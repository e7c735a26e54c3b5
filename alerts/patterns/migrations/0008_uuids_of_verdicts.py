import django.contrib.postgres.fields
from django.db import migrations, models
from portal.squashed import StateMigration


class Migration(StateMigration):
    """Annotations are called verdicts, as on their pages. The column keeps its name."""

    dependencies = [
        ('patterns', '0007_names_of_the_pages'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField('pattern', 'annotations', 'verdict_uuids'),
                migrations.AlterField(
                    'pattern',
                    'verdict_uuids',
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        db_column='annotations',
                        default=list,
                    ),
                ),
            ],
        ),
    ]
