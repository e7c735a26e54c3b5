"""Count the incidents of each site by day, so that a back-test finds them counted."""

from datetime import UTC, datetime, time, timedelta

from django.db import connection, transaction

from alerts.suppression.models import SiteDay

DAYS = 400  # as far back as a back-test looks


@transaction.atomic
def count_site_days(*, now: datetime) -> int:
    """Count every whole day anew, late arrivals included; today is counted when it is asked for.
    Returns how many days of sites there are. Counting twice gives the same.
    """
    end = datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE suppression_siteday IN SHARE ROW EXCLUSIVE MODE")
        SiteDay.objects.all().delete()
        cursor.execute(_COUNT, [end - timedelta(days=DAYS), end])
        return int(cursor.rowcount)


_COUNT = """
INSERT INTO suppression_siteday (site_id, day, incidents)
SELECT s.id, (i.created_at AT TIME ZONE 'UTC')::date, count(*)
  FROM incidents_incidents i CROSS JOIN LATERAL unnest(i.site_ids) AS x(site)
  JOIN sites_sites s ON s.id = x.site
 WHERE i.created_at >= %s AND i.created_at < %s GROUP BY 1, 2
"""
