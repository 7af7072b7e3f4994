from hypothesis import settings

# A busy machine is no failure, and a run leaves nothing behind.
settings.register_profile("bookkeeping", deadline=None, database=None)
settings.load_profile("bookkeeping")
