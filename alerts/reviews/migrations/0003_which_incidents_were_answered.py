import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0013_what_a_row_stands_for'),
        ('reviews', '0002_newest_questions'),
    ]

    operations = [
        # The table is there: Django's own, of a question and its incidents.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='AskedIncident',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='incidents.incident')),
                        ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='asked_incidents', to='reviews.review')),
                    ],
                    options={
                        'db_table': 'reviews_review_incidents',
                        'unique_together': {('review', 'incident')},
                    },
                ),
                migrations.AlterField(
                    model_name='review',
                    name='incidents',
                    field=models.ManyToManyField(related_name='reviews', through='reviews.AskedIncident', to='incidents.incident'),
                ),
            ],
        ),
        migrations.AddField(
            model_name='askedincident',
            name='answer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='reviews.annotation'),
        ),
    ]
