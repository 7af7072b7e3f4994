from . import export, fastspring, health, portal, portal_usage, usage, usage_import
