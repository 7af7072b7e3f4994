from odoo import SUPERUSER_ID, api

#: Rules are not updated with the module; these look at the price's own company now.
RULES = {
    "price_company_rule": "company_id",
    "price_tier_company_rule": "price_id.company_id",
}


def migrate(cr, version):
    """Tell what old lines are, and what old statements were rated by."""
    cr.execute(
        "UPDATE bitpaket_usage_line SET type = 'adjustment'"
        " WHERE adjusted_statement_id IS NOT NULL"
    )
    cr.execute(
        "UPDATE bitpaket_statement statement SET price_book_id = account.price_book_id"
        "  FROM bitpaket_account account WHERE account.id = statement.account_id"
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, path in RULES.items():
        rule = env.ref(f"bitpaket_billing.{name}", raise_if_not_found=False)
        if rule:
            rule.domain_force = f"[({path!r}, 'in', company_ids + [False])]"
