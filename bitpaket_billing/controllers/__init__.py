from . import fastspring, portal, usage
