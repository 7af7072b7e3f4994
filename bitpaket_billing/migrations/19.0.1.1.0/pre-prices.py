def migrate(cr, version):
    """Let a book have prices of one meter and day in several currencies."""
    cr.execute(
        "ALTER TABLE bitpaket_price"
        " DROP CONSTRAINT IF EXISTS bitpaket_price_meter_start_uniq"
    )
