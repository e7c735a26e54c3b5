from django.db import migrations, models


class Migration(migrations.Migration):
    """A playbook acts on the plant unless all of it is known to be harmless. So every one does until
    it has been read again, and whoever said that one does not says so again, of its definition.
    """

    dependencies = [
        ('automation', '0007_long_playbooks_are_read_again'),
    ]

    operations = [
        migrations.RemoveField(model_name='playbook', name='mark_evidence'),
        migrations.AddField(
            model_name='playbook',
            name='is_harmless',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='playbook',
            name='mark_digest',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AddField(
            model_name='playbookrun',
            name='definition_digest',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
    ]
