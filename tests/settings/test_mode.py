import pytest

from plotobot.engine.config import NO_CAP
from plotobot.errors import SettingsError
from plotobot.settings import limits_of


def test_in_rules_mode_the_usual_caps_hold():
    assert limits_of({}).max_parallel == 2


def test_in_auto_mode_only_the_caps_hold_that_somebody_wrote():
    limits = limits_of({"mode": "auto", "max_parallel": 5})

    assert limits.max_parallel == 5
    assert limits.max_parallel_per_drive == NO_CAP


def test_a_mode_that_is_none_gets_a_sentence():
    with pytest.raises(SettingsError, match=r"spawn\.mode"):
        limits_of({"mode": "best"})
