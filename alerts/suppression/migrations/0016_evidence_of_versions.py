import django.db.models.deletion
from django.db import migrations, models
from portal.squashed import StateMigration


class Migration(StateMigration):
    """The relation of a version with its evidence, as a model: the column of the verdict keeps the
    name that Django gave it while verdicts had another one.
    """

    dependencies = [
        ('suppression', '0015_two_people_sign_what_is_on'),
        ('reviews', '0014_verdicts'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='VersionEvidence',
                    fields=[
                        (
                            'id',
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name='ID',
                            ),
                        ),
                        (
                            'version',
                            models.ForeignKey(
                                db_column='ruleversion_id',
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name='+',
                                to='suppression.ruleversion',
                            ),
                        ),
                        (
                            'verdict',
                            models.ForeignKey(
                                db_column='annotation_id',
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name='+',
                                to='reviews.verdict',
                            ),
                        ),
                    ],
                    options={
                        'db_table': 'suppression_ruleversion_evidence',
                        'unique_together': {('version', 'verdict')},
                    },
                ),
                migrations.AlterField(
                    'ruleversion',
                    'evidence',
                    models.ManyToManyField(
                        related_name='+',
                        through='suppression.VersionEvidence',
                        to='reviews.verdict',
                    ),
                ),
            ],
        ),
    ]
