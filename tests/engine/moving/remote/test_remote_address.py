"""What farmers write, and what rsync is given of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.moving.remote.address import RsyncAddress, is_address, parse_address


@pytest.mark.parametrize(
    ("text", "address", "name", "target"),
    [
        pytest.param(
            "rsync://nas/plots",
            RsyncAddress("nas", "/plots", daemon=True),
            "rsync://nas/plots",
            "rsync://nas/plots/",
            id="daemon",
        ),
        pytest.param(
            " rsync://farmer@nas.lan:8730/plots/a b/ ",
            RsyncAddress("nas.lan", "/plots/a b", "farmer", 8730, daemon=True),
            "rsync://farmer@nas.lan:8730/plots/a b",
            "rsync://farmer@nas.lan:8730/plots/a b/",
            id="daemon with all",
        ),
        pytest.param(
            "farmer@nas:/mnt/plots",
            RsyncAddress("nas", "/mnt/plots", "farmer"),
            "farmer@nas:/mnt/plots",
            "farmer@nas:/mnt/plots/",
            id="scp",
        ),
        pytest.param(
            "ssh://farmer@[fe80::1]:2222/mnt//plots",
            RsyncAddress("[fe80::1]", "/mnt/plots", "farmer", 2222),
            "ssh://farmer@[fe80::1]:2222/mnt/plots",
            "farmer@[fe80::1]:/mnt/plots/",
            id="url",
        ),
        pytest.param("nas:/", RsyncAddress("nas", "/"), "nas:/", "nas:/", id="fenced root"),
    ],
)
def test_addresses(text, address, name, target):
    assert is_address(text.strip())
    assert parse_address(text) == address
    assert (address.name, address.target) == (name, target)
    assert parse_address(name) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("rsync://nas/", "no module", id="no module"),
        pytest.param("rsync://nas", "is no rsync address", id="no path"),
        pytest.param("nas::plots", "is no rsync address", id="two colons"),
        pytest.param("nas:plots", "is no rsync address", id="relative"),
        pytest.param("rsync://nas:99999/plots", "no such port", id="port"),
        pytest.param("nas:/mnt/../etc", "'..'", id="up"),
        pytest.param("nas:/mnt/*", "has one of", id="wildcard"),
        pytest.param("nas:/mnt/`touch oops`", "has one of", id="backtick"),
        pytest.param("nas:/mnt/a\nb", "is no rsync address", id="line break"),
        pytest.param("nas:/mnt/a\x1bb", "control character", id="escape"),
        pytest.param("-oProxyCommand=x:/mnt", "is no rsync address", id="option as host"),
        pytest.param("-l@nas:/mnt", "is no rsync address", id="option as user"),
        pytest.param("ssh://-x/mnt", "is no rsync address", id="option in a url"),
        pytest.param("http://nas/plots", "is no rsync address", id="another scheme"),
    ],
)
def test_what_is_no_address_is_told_in_a_sentence(text, words):
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        parse_address(text)


@pytest.mark.parametrize(
    "text", ["rsync://farmer:hunter2@nas/plots", "ssh://u:hunter2@nas/x", "u:hunter2@nas:/x"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(ValueError, match="password") as refused:
        parse_address(text)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("/mnt/plots", False),
        ("C:\\plots", False),
        ("C:/plots", False),
        ("./a:b", False),
        ("plots", False),
        ("nas:/plots", True),
        ("RSYNC://nas/plots", True),
        ("farmer@nas:plots", True),
        ("nas::plots", True),
    ],
)
def test_addresses_are_told_from_folders(text, remote):
    assert is_address(text) is remote


@given(
    st.text() | st.from_regex(r"(rsync://|ssh://|)[a-z@:\-\[\]]{1,9}[:/]/.{0,9}", fullmatch=True)
)
def test_no_text_becomes_an_option_or_another_thing_than_a_folder(text):
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert not address.target.startswith("-")
    assert not address.login.startswith("-")
    assert address.target.endswith("/")
    assert not set("*?[]\\`\n") & set(address.path)
    assert parse_address(address.name) == address
