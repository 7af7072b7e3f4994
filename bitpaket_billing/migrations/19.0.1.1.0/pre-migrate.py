"""Revisions of events, and daily rows that know how many events they are made of."""


def migrate(cr, version):
    """Prepare the tables of usage, before Odoo adds what they lack."""
    _add_usage_columns(cr)
    _fold_pending_usage(cr)
    _count_usage_events(cr)


def _add_usage_columns(cr):
    """Add columns with their value at once: Odoo would rewrite large tables twice."""
    for table, column, definition in (
        ("bitpaket_usage_event", "revision", "int4"),
        ("bitpaket_usage_pending", "events", "int4"),
        ("bitpaket_usage_pending", "level", "numeric"),
        ("bitpaket_usage_daily", "events", "int4"),
        ("bitpaket_usage_daily", "level", "numeric"),
        ("bitpaket_usage_daily", "hours_before", "numeric"),
    ):
        cr.execute(
            f"""
            ALTER TABLE {table}
              ADD COLUMN IF NOT EXISTS {column} {definition} NOT NULL DEFAULT 0
            """
        )
        cr.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")


def _fold_pending_usage(cr):
    """Fold all pending usage, which does not know its number of events."""
    cr.execute(
        """
        WITH moved AS (
            DELETE FROM bitpaket_usage_pending
            RETURNING account_id, meter_id, day, quantity
        )
        INSERT INTO bitpaket_usage_daily AS daily
               (account_id, meter_id, day, quantity, events, level, hours_before,
                updated)
        SELECT account_id, meter_id, day, SUM(quantity), 0, 0, 0,
               now() AT TIME ZONE 'UTC'
          FROM moved
         GROUP BY account_id, meter_id, day
        ON CONFLICT (account_id, meter_id, day) DO UPDATE
           SET quantity = daily.quantity + EXCLUDED.quantity,
               updated = EXCLUDED.updated
        """
    )


def _count_usage_events(cr):
    """Tell every daily row how many events it is made of."""
    cr.execute(
        """
        UPDATE bitpaket_usage_daily daily
           SET events = counted.events
          FROM (SELECT account_id, meter_id, time::date AS day, COUNT(*) AS events
                  FROM bitpaket_usage_event
                 GROUP BY account_id, meter_id, time::date) counted
         WHERE daily.account_id = counted.account_id
           AND daily.meter_id = counted.meter_id
           AND daily.day = counted.day
        """
    )
