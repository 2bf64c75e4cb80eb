"""Makes fixtures that many tests share known to all of them."""

pytest_plugins = ["tests.little_plots", "tests.loopback.fixtures", "tests.other_disk"]
