from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("snapshots", "0005_decisions_and_quotas"),
    ]

    operations = [
        migrations.AlterField(
            model_name="agentsnapshot",
            name="format",
            field=models.IntegerField(default=3),
        ),
    ]
