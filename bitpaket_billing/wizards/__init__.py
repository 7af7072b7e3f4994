from . import account_move_reversal, bitpaket_correction, bitpaket_usage_key
