from . import (
    account_move_reversal,
    bitpaket_correction,
    bitpaket_price_example,
    bitpaket_usage_discard,
    bitpaket_usage_key,
)
