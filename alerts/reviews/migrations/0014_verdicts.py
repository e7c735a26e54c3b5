import django.db.models.deletion
from django.db import migrations, models
from portal.squashed import StateMigration

ID = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
)


def of_verdict():
    return models.ForeignKey(
        db_column='annotation_id',
        on_delete=django.db.models.deletion.CASCADE,
        related_name='+',
        to='reviews.verdict',
    )


def link(name, other, to, table):
    """One relation of verdicts, whose table is there: Django's own, from before the new name."""
    return migrations.CreateModel(
        name=name,
        fields=[
            ('id', ID),
            ('verdict', of_verdict()),
            (
                other,
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name='+', to=to
                ),
            ),
        ],
        options={'db_table': table, 'unique_together': {('verdict', other)}},
    )


class Migration(StateMigration):
    """An annotation is called a verdict, as on its pages. Tables and columns keep their names."""

    dependencies = [
        ('reviews', '0013_a_verdict_has_one_way'),
        # They name the model by its former name.
        ('suppression', '0014_periods_of_watchlists'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel('Annotation', 'Verdict'),
                migrations.AlterModelTable('verdict', 'reviews_annotation'),
                link(
                    'VerdictIncident',
                    'incident',
                    'incidents.incident',
                    'reviews_annotation_incidents',
                ),
                link('VerdictAlert', 'alert', 'incidents.alert', 'reviews_annotation_alerts'),
                migrations.AlterField(
                    'verdict',
                    'incidents',
                    models.ManyToManyField(
                        related_name='verdicts',
                        through='reviews.VerdictIncident',
                        to='incidents.incident',
                    ),
                ),
                migrations.AlterField(
                    'verdict',
                    'alerts',
                    models.ManyToManyField(
                        related_name='verdicts',
                        through='reviews.VerdictAlert',
                        to='incidents.alert',
                    ),
                ),
                migrations.AlterField(
                    'verdict',
                    'review',
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='verdicts',
                        to='reviews.review',
                    ),
                ),
                migrations.RenameField('secondopinion', 'annotation', 'verdict'),
                migrations.AlterField(
                    'secondopinion',
                    'verdict',
                    models.OneToOneField(
                        db_column='annotation_id',
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='second_opinion',
                        to='reviews.verdict',
                    ),
                ),
            ],
        ),
    ]
