from . import (
    account_move_reversal,
    base_import,
    bitpaket_billing_reason,
    bitpaket_correction,
    bitpaket_coupon_change,
    bitpaket_coupon_generate,
    bitpaket_coupon_redeem,
    bitpaket_price_example,
    bitpaket_price_trial,
    bitpaket_usage_discard,
    bitpaket_usage_key,
)
