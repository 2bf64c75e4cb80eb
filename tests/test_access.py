from __future__ import annotations

import pytest

from plotobot.access import Access, Holders, Level

ACCESS = Access(
    1,
    2,
    owners=Holders(users=frozenset({10})),
    operators=Holders(users=frozenset({20}), roles=frozenset({200})),
    viewers=Holders(roles=frozenset({300, 200})),
)


@pytest.mark.parametrize(
    ("user", "roles", "guild", "level"),
    [
        pytest.param(10, [], 1, Level.OWNER, id="owner-by-id"),
        pytest.param(10, [300], 1, Level.OWNER, id="the-highest-counts"),
        pytest.param(20, [], 1, Level.OPERATOR, id="operator-by-id"),
        pytest.param(99, [5, 200], 1, Level.OPERATOR, id="operator-by-role"),
        pytest.param(99, [300], 1, Level.VIEWER, id="viewer-by-role"),
        pytest.param(99, [], 1, Level.NOBODY, id="stranger"),
        pytest.param(200, [20, 10], 1, Level.NOBODY, id="a-role-is-not-a-person"),
        pytest.param(10, [200], 3, Level.NOBODY, id="another-server"),
        pytest.param(10, [200], None, Level.NOBODY, id="direct-message"),
    ],
)
def test_level_of(user, roles, guild, level):
    assert ACCESS.level_of(user, roles, guild) is level


def test_nobody_is_anything_unless_named():
    assert Access(1, 2).level_of(1, [1, 2], 1) is Level.NOBODY


def test_levels_are_a_ladder():
    assert Level.NOBODY < Level.VIEWER < Level.OPERATOR < Level.OWNER
