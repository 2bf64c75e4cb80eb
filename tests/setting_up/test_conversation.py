"""The questions, held with a farmer whose answers stand in a list."""

from __future__ import annotations

import pytest

from plotobot.errors import SettingsError
from plotobot.plots.address import encode_address
from plotobot.setting_up import run
from plotobot.setting_up.machine import Machine
from plotobot.setting_up.talk import Stopped
from plotobot.settings import load_settings
from plotobot.settings.editing import Draft
from tests.little_plots import CONTRACT, FARMER_PK
from tests.setting_up.conftest import TOKEN, Farmer, Place, machine, nvme, sata

XCH = encode_address(CONTRACT)
KEY = FARMER_PK.hex()
MAIN = ["barn", "chia", "TEMP", "OUT", "n", "32", "2", "3390", "1", "1", XCH, KEY, "11", "12",
        "13, 14", TOKEN, "y"]  # fmt: skip


def held(
    place: Place, answers: list[str], here: Machine | None = None, **wishes: object
) -> tuple[Farmer, Draft, bool]:
    """Hold the conversation, and write if the farmer agrees."""
    names = {"TEMP": place.temp, "OUT": place.out}
    farmer = Farmer([names.get(answer, answer) for answer in answers])
    wanted = run.Wishes(place.file, **wishes)  # type: ignore[arg-type]
    draft = run.begin(wanted)
    agreed = run.ask(draft, here or machine(), farmer, wanted)
    if agreed:
        run.write(draft, farmer)
    return farmer, draft, agreed


def test_all_answers_are_in_the_settings(place: Place) -> None:
    farmer, _, agreed = held(place, MAIN)

    loaded = load_settings(place.file)
    assert agreed
    assert farmer.answers == []
    assert loaded.machine == "barn"
    assert loaded.written.drives.temp == (place.temp,)
    assert loaded.written.drives.out == (place.out,)
    assert (loaded.written.plot.contract, loaded.written.plot.farmer_key) == (XCH, KEY)
    assert (loaded.written.discord.guild, loaded.written.discord.channel) == (11, 12)
    assert loaded.written.discord.owners.users == (13, 14)
    assert loaded.token
    assert loaded.token.get_secret_value() == TOKEN
    assert TOKEN not in place.file.read_text(encoding="utf-8")
    assert not any(TOKEN in line for line in farmer.said + farmer.asked)


def test_numbers_name_the_drives_that_are_offered(place: Place) -> None:
    here = machine(nvme(place.temp), sata(place.out), nvme("/mnt/other", 5))

    held(place, [*MAIN[:2], "2", "1", *MAIN[4:]], here)

    drives = load_settings(place.file).written.drives
    assert (drives.temp, drives.out) == ((place.temp,), (place.out,))


def test_enter_takes_what_is_suggested(place: Place) -> None:
    here = machine(nvme(place.temp), sata(place.out), cores=8)

    farmer, _, _ = held(place, ["", "", "", "", "", "", "", "", "", "", "", "", *[""] * 6], here)

    written = load_settings(place.file).written
    assert (written.drives.temp, written.drives.out) == ((place.temp,), (place.out,))
    assert (written.plot.plotter, written.plot.threads) == ("chia", 4)
    assert written.plot.contract is None
    assert any("NVMe or other SSD with room for" in line for line in farmer.said)


WRONG = [
    pytest.param(0, "a\tb\x07", "machine is", id="machine"),
    pytest.param(1, "chai", 'did you mean "chia"', id="plotter"),
    pytest.param(2, "ssd1", "no absolute path", id="drive"),
    pytest.param(2, "label:", "must be a list of drives", id="label"),
    pytest.param(2, "-", "Name at least one", id="no-drive"),
    pytest.param(3, "TEMP", "stands in both drives.temp and drives.out", id="same-drive"),
    pytest.param(4, "perhaps", "Answer y or n", id="yes-or-no"),
    pytest.param(5, "big", "plot.k is", id="k-text"),
    pytest.param(5, "24", "chia makes k25 to k50", id="k-of-the-plotter"),
    pytest.param(6, "0", "from 1 to 1024", id="threads"),
    pytest.param(7, "1.5", "a whole number of MiB", id="buffer"),
    pytest.param(8, "-1", "from 1 to 1000", id="parallel"),
    pytest.param(10, XCH[:-1], "58 small letters", id="short-contract"),
    pytest.param(
        10, f"{XCH[:-1]}{'q' if XCH[-1] != 'q' else 'p'}", "wrong checksum", id="contract"
    ),
    pytest.param(11, "abc", "96 hexadecimal digits", id="key"),
    pytest.param(12, "my server", "a Discord id", id="guild"),
    pytest.param(14, "me", "a list of Discord ids", id="owner"),
    pytest.param(15, "a b", "characters that no token has", id="token"),
    pytest.param(16, "what", "Answer y or n", id="confirm"),
]


@pytest.mark.parametrize(("place_of", "answer", "sentence"), WRONG)
def test_a_wrong_answer_is_told_and_asked_again(
    place: Place, place_of: int, answer: str, sentence: str
) -> None:
    answers = [*MAIN[:place_of], answer, *MAIN[place_of:]]

    farmer, _, agreed = held(place, answers)

    assert agreed
    assert farmer.answers == []
    assert farmer.asked[place_of].split(" [")[0] == farmer.asked[place_of + 1].split(" [")[0]
    assert any(sentence in line for line in farmer.said)
    assert load_settings(place.file).machine == "barn"


@pytest.mark.parametrize("broken_off", [EOFError, KeyboardInterrupt])
@pytest.mark.parametrize("after", range(len(MAIN)))
def test_breaking_off_at_any_question_writes_nothing(
    place: Place, after: int, broken_off: type[BaseException]
) -> None:
    names = {"TEMP": place.temp, "OUT": place.out}
    farmer = Farmer([names.get(it, it) for it in MAIN[:after]], broken_off)
    wishes = run.Wishes(place.file)

    with pytest.raises(Stopped, match=r"^Stopped; nothing was written\.$"):
        run.ask(run.begin(wishes), machine(), farmer, wishes)

    assert len(farmer.asked) == after + 1
    assert place.files == set()


def test_no_is_no(place: Place) -> None:
    _, _, agreed = held(place, [*MAIN[:-1], "n"])
    assert not agreed
    assert place.files == set()


def test_a_missing_drive_is_told_and_taken_only_if_wanted(place: Place) -> None:
    answers = [*MAIN[:2], "/nix", "n", "TEMP", "/nix2", "y", *MAIN[4:]]

    farmer, _, _ = held(place, answers)

    drives = load_settings(place.file).written.drives
    assert (drives.temp, drives.out) == ((place.temp,), ("/nix2",))
    assert "  /nix: the drive is missing." in farmer.said


def test_a_plotter_that_needs_keys_is_not_left_without(place: Place) -> None:
    answers = [*MAIN]
    answers[1] = "madmax"
    answers[10:12] = ["", "", "", XCH, KEY]

    farmer, _, _ = held(place, answers, machine(plotter="madmax"))

    assert any("madmax takes no keys from chia" in line for line in farmer.said)
    assert load_settings(place.file).written.plot.contract == XCH


def test_more_drives_are_asked_for_on_demand(place: Place) -> None:
    more = place.root / "more"
    more.mkdir()

    held(place, [*MAIN[:4], "y", "", "", str(more), *MAIN[5:]])

    assert load_settings(place.file).written.drives.destination == (str(more),)


def test_what_options_answered_is_not_asked(place: Place) -> None:
    given = {"machine": "shed", "drives.temp": [place.temp], "discord.guild": "77"}

    farmer, _, _ = held(place, [*MAIN[1:2], *MAIN[3:12], *MAIN[13:]], given=given)

    assert farmer.answers == []
    assert load_settings(place.file).machine == "shed"
    assert load_settings(place.file).written.discord.guild == 77


def test_a_second_run_offers_what_is_set_and_enter_changes_nothing(place: Place) -> None:
    held(place, MAIN)
    before = place.file.read_bytes()

    farmer, _, _ = held(place, [""] * 17, machine(nvme("/mnt/x"), sata("/mnt/y"), cores=64))

    assert farmer.answers == []
    assert place.file.read_bytes() == before
    assert place.files == {"plotobot.toml", ".env"}
    for text in ("[barn]", "[chia]", f"[{place.temp}]", "[11]", "[13, 14]", "[the one from .env]"):
        assert any(question.endswith(text) for question in farmer.asked), text


def test_enter_leaves_a_hand_made_file_as_it_is(place: Place) -> None:
    text = f"# mine\n[drives]\nout = ['{place.out}'] # slow\ntemp = ['{place.temp}']"
    place.file.write_text(text, encoding="utf-8")

    held(place, [""] * 18, machine(cores=64))

    assert place.file.read_text(encoding="utf-8") == text
    assert place.files == {"plotobot.toml"}


def test_a_change_keeps_the_rest_and_the_old_file_beside_it(place: Place) -> None:
    text = f"# mine\n[drives]\nout = ['{place.out}'] # slow\ntemp = ['{place.temp}']\n[alerts]\n"
    place.file.write_text(f"{text}trouble = false # hush\n", encoding="utf-8")

    held(place, ["barn", *[""] * 7, "5", *[""] * 9], machine(cores=64))

    new = place.file.read_text(encoding="utf-8")
    assert 'machine = "barn"\n' in new
    assert "trouble = false # hush\n" in new
    assert "[spawn]\nmax_parallel = 5\n" in new
    assert "out = ['" + place.out + "'] # slow\n" in new
    kept = place.root / "plotobot.toml.bak"
    assert kept.read_text(encoding="utf-8") == f"{text}trouble = false # hush\n"


def test_a_contract_takes_the_place_of_a_pool_key(place: Place) -> None:
    place.file.write_text(f"[plot]\npool_key = '{KEY}'\nfarmer_key = '{KEY}'\n", encoding="utf-8")

    held(place, ["", "", "TEMP", "OUT", *[""] * 6, XCH, *[""] * 6])

    plot = load_settings(place.file).written.plot
    assert (plot.contract, plot.pool_key) == (XCH, None)


def test_a_file_that_appears_meanwhile_is_not_overwritten(place: Place) -> None:
    draft = run.begin(run.Wishes(place.file))
    place.file.write_text("# by hand\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="all of a sudden"):
        draft.save()

    assert place.file.read_text(encoding="utf-8") == "# by hand\n"


def test_what_was_edited_meanwhile_is_kept(place: Place) -> None:
    place.file.write_text("machine = 'barn'\n", encoding="utf-8")
    draft = run.begin(run.Wishes(place.file, given={"plot.k": "33"}))
    place.file.write_text("machine = 'shed' # moved\n", encoding="utf-8")

    draft.save()

    assert "machine = 'shed' # moved\n" in place.file.read_text(encoding="utf-8")
    assert load_settings(place.file).written.plot.k == 33


def test_a_pace_that_was_answered_is_written_even_at_its_default(place: Place) -> None:
    held(place, MAIN, machine(cores=64))
    text = place.file.read_text(encoding="utf-8")
    assert "\nk = 32\n" in text
    assert "\nthreads = 2\n" in text
