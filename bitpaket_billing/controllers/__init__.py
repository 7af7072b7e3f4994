from . import export, fastspring, portal, usage
