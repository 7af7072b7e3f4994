"""Statements of changes of plans stand beside those of periods."""


def migrate(cr, _version):
    """Drop the constraint that an index takes the place of."""
    cr.execute(
        """
        ALTER TABLE bitpaket_statement
         DROP CONSTRAINT IF EXISTS bitpaket_statement_account_period_uniq
        """
    )
