"""Makes the loopback Discord's fixtures known to all tests."""

pytest_plugins = ["tests.loopback.fixtures"]
