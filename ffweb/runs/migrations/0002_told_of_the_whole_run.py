"""A run is told of the whole of it, and when it was last heard. Finished runs get what their results say of the whole."""

from django.db import migrations, models

SPEED = "speed/images_per_second"


def fill(apps, schema_editor):
    """Throughput over the run and memory's peak; the rest of what older versions kept is told by its last value."""
    Run, Fact = apps.get_model("runs", "Run"), apps.get_model("runs", "Fact")
    for run in Run.objects.filter(result__isnull=False).only("pk", "result", "latest", "step").iterator(100):
        seconds = sum(epoch["e2e_seconds"] for epoch in run.result.get("per_epoch") or ())
        images, peak = run.result.get("images"), run.latest.get("memory/rss_peak")
        if seconds and images and SPEED in run.latest:
            run.overall[SPEED] = [images / seconds, seconds]
        if peak and "memory/rss" in run.latest:
            run.overall["memory/rss"] = [peak, run.step]
        run.save(update_fields=["overall"])
        Fact.objects.bulk_create(
            [
                Fact(run_id=run.pk, key=f"result.{name}.over", num=value, txt=str(value))
                for name, (value, _) in run.overall.items()
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]
    operations = [
        migrations.AddField("run", "heard", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("run", "overall", models.JSONField(default=dict)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
