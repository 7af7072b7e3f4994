from . import base_import, bitpaket_price_trial, bitpaket_usage_key
