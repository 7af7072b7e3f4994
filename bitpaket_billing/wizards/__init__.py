from . import bitpaket_price_example, bitpaket_usage_discard, bitpaket_usage_key
