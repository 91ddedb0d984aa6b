"""What holds for all unit tests."""

from hypothesis import settings

# A busy machine makes any single example slow; how long the whole run takes is watched elsewhere.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
