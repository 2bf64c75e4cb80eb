"""Makes the loopback Discord's fixtures and the little plots known to all tests."""

pytest_plugins = ["tests.little_plots", "tests.loopback.fixtures"]
