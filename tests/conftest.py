"""Makes fixtures that many tests share known to all of them."""

from hypothesis import settings

pytest_plugins = ["tests.little_plots", "tests.loopback.fixtures", "tests.other_disk"]

# How long an example takes says something of the machine's other work, not of the code.
settings.register_profile("plotobot", deadline=None)
settings.load_profile("plotobot")
