def migrate(cr, version):
    """Tell which meter each line of an old usage invoice is of.

    Invoices have one line per meter that costs something, in the order of the
    statement's lines.
    """
    cr.execute(
        """
        WITH metered AS (
            SELECT move_id, meter_id,
                   ROW_NUMBER() OVER (
                       PARTITION BY move_id ORDER BY MIN(sequence), MIN(id)
                   ) AS place
              FROM bitpaket_usage_line
             WHERE move_id IS NOT NULL
             GROUP BY move_id, meter_id
            HAVING ROUND(SUM(amount), 6) <> 0
        ), sold AS (
            SELECT line.id, line.move_id,
                   ROW_NUMBER() OVER (
                       PARTITION BY line.move_id ORDER BY line.sequence, line.id
                   ) AS place
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE move.bitpaket_statement_id IS NOT NULL
               AND line.display_type = 'product'
        )
        UPDATE account_move_line line
           SET bitpaket_meter_id = metered.meter_id
          FROM sold JOIN metered USING (move_id, place)
         WHERE line.id = sold.id AND line.bitpaket_meter_id IS NULL
        """
    )
