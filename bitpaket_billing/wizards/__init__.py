from . import bitpaket_price_trial, bitpaket_usage_key
