from __future__ import annotations

import pytest

from plotobot.plotters.base import Progress
from plotobot.plotters.chiapos_log import ChiaposLog

ID = "9a01614673440ea6837a8f82dda7a137023da825fa00268bf7ae63db97ff32b6"
OTHER = "b" * 64
README_CODES = [
    "Initializing",
    *("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"),
    *("2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"),
    *("3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6"),
    *("4.0", "4.1", "4.2", "Copying", "Completed"),
]
HEAD = f"""
Starting plotting progress into temporary dirs: /a and /b
ID: {ID}
Plot size is: 32
Final Directory is: /out
Starting phase 1/4: Forward Propagation into tmp files... Mon Nov 23 15:35:15 2026
Computing table 3
Progress update: 0.12
"""
PLOT = f"/out/plot-k32-2026-11-23-15-55-{ID}.plot"
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in make\n    raise\n'
DURING = "During handling of the above exception, another exception occurred:\n\n"
TOO_SMALL = "Caught plotting error: Plot size k= 17 is invalid"
WAITS = "Only wrote 0 of 9 bytes at offset 3 to /a/x. Error 28. Retrying in five minutes."


def feed(text: str, reader: ChiaposLog | None = None) -> Progress:
    reader = reader or ChiaposLog()
    reader.feed(text.encode().split(b"\n"))
    return reader.progress


def test_a_whole_chia_log_is_read_to_the_last_figure(read):
    name = f"plot-k25-2026-11-23-15-35-{ID}.plot"
    assert read("chia-2.7.5-k25") == Progress(
        plotter="chia",
        k=25,
        plot_id=ID,
        status="Completed",
        fraction=1.0,
        temp="t",
        temp2="t",
        out="d",
        final_path=f"d/{name}",
        phase_seconds=(61.522, 8.898, 31.332, 1.887),
        total_seconds=103.641,
    )


def test_a_plot_that_cannot_be_copied_is_stuck_after_its_total_time(read):
    progress = read("chiapos-k18-dst-full")
    assert (progress.status, progress.k, progress.final_path) == ("Copying", 18, None)
    assert progress.total_seconds == 1.239
    assert progress.stuck is not None
    assert progress.stuck.startswith("Could not copy ")
    assert progress.stuck.endswith("No space left on device. Retrying in five minutes.")
    assert progress.error is None


def test_every_readme_status_comes_in_its_order(log, statuses):
    assert statuses(ChiaposLog(), log("chia-2.7.5-k25")) == README_CODES


def test_windows_line_ends_change_nothing(log, read):
    reader = ChiaposLog()
    reader.feed(log("chia-2.7.5-k25").replace(b"\n", b"\r\n").split(b"\n"))
    assert reader.progress == read("chia-2.7.5-k25")


def test_two_plots_in_one_log_show_the_second(log):
    reader = ChiaposLog()
    whole = log("chia-2.7.5-k25")
    second = whole.replace(ID.encode(), OTHER.encode())
    reader.feed((whole + second[: second.index(b"Backpropagating")]).split(b"\n"))
    progress = reader.progress
    assert (progress.status, progress.plot_id, reader.plots) == ("2.0", OTHER, 1)
    assert progress.final_path is progress.total_seconds is None
    assert progress.phase_seconds[1:] == (None, None, None)


@pytest.mark.parametrize(
    ("dirs", "temp", "temp2"),
    [
        ("/a and /b", "/a", "/b"),
        ("/salt and pepper and /salt and pepper", "/salt and pepper", "/salt and pepper"),
        ("/salt and pepper and /b", "/salt and pepper", "/b"),
        ("E:\\a and F:\\b", "E:\\a", "F:\\b"),
        ("t and t", "t", "t"),
        ("t and u", "t", "u"),
    ],
)
def test_the_temp_folders_are_told_apart(dirs, temp, temp2):
    progress = feed(f"Starting plotting progress into temporary dirs: {dirs}")
    assert (progress.temp, progress.temp2) == (temp, temp2)


@pytest.mark.parametrize(
    "line",
    [
        WAITS,
        "Could not open /a/x: No such file. Retrying in five minutes.",
        'Could not rename "a" to "b". Error x. Retrying in five minutes.',
        "fwrite: No space left on device",
    ],
)
@pytest.mark.parametrize(
    "sign",
    [
        "\tBucket 9 QS. Ram: 3GiB",
        "Computing table 4",
        "Progress update: 0.2",
        "Copy time = 1 seconds",
    ],
)
def test_stuck_lasts_until_a_line_shows_that_it_goes_on(line, sign):
    reader = ChiaposLog()
    assert feed(HEAD + line, reader).stuck == line
    assert feed("\n\nsome other words", reader).stuck == line
    assert feed(sign, reader).stuck is None
    assert feed(f"{sign}\n{line}", reader).stuck == line


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("Caught plotting error: Stripe size too large", None),
        ("Caught plotting error: No space left on device", None),
        ("Error: The minimum k size allowed from the cli is k=25.", None),
        ("k=32 is the minimum size for farming.", None),
        ("chiapos_plot.py: error: argument -f: invalid key value: 'x'", None),
        ("\x1b[31mError: Invalid value\x1b[0m", "Error: Invalid value"),
        (TRACEBACK + "OSError: [Errno 5]", "OSError: [Errno 5]"),
        (TRACEBACK + "KeyError: 1\n\n" + DURING + TRACEBACK + "chia.X: gone", "chia.X: gone"),
        (
            TOO_SMALL + "\n" + TRACEBACK + "RuntimeError: std::exception\nError: std::exception",
            TOO_SMALL,
        ),
        ("terminate called after throwing\n  what():  stoi", "what():  stoi"),
    ],
)
def test_errors_are_told_in_the_plotter_s_own_words(lines, error):
    progress = feed(HEAD + lines)
    assert (progress.status, progress.error) == ("Error", error or lines)
    assert progress.k == 32


def test_an_error_before_the_next_plot_does_not_belong_to_it():
    assert feed("Error: one drive is missing\n" + HEAD).status == "1.2"


def test_an_error_after_the_rename_does_not_undo_the_plot():
    done = HEAD + f'Renamed final file from "a" to "{PLOT}"\nError: cannot add folder'
    assert (feed(done).status, feed(done).error) == ("Completed", None)


def test_total_time_is_not_the_end():
    progress = feed(HEAD + "Total time = 9000.5 seconds. CPU (1%)")
    assert (progress.status, progress.fraction, progress.total_seconds) == ("Copying", 0.99, 9000.5)


def test_the_copy_s_time_is_kept():
    copied = 'Copied final file from "a" to "b"\nCopy time = 601.25 seconds. CPU (1%)'
    assert feed(HEAD + copied).copy_seconds == 601.25


def test_the_phase_never_goes_back():
    later = "Starting phase 3/4: x\nCompressing tables 2 and 3\nProgress update: 0.73\n"
    early = "Starting phase 1/4: x\nComputing table 1\nProgress update: 0.01\n"
    progress = feed(HEAD + later + early)
    assert (progress.status, progress.fraction) == ("3.2", 0.73)


def test_lines_that_chia_plotters_passes_on_are_read():
    assert feed(f"{HEAD}STDERR: Computing table 5").status == "1.4"
    assert feed(f"{HEAD}\x1b[32mComputing table 5\x1b[0m").status == "1.4"


def test_unknown_lines_are_counted():
    assert feed(HEAD + "what is this\n\nand that").unknown_lines == 2


def test_a_stuck_line_of_any_length_keeps_both_its_ends():
    stuck = feed("Could not copy " + "x" * 50_000 + " Retrying in five minutes.").stuck
    assert stuck is not None
    assert len(stuck) < 2000
    assert stuck.startswith("Could not copy")
    assert stuck.endswith("Retrying in five minutes.")


def test_nested_colour_codes_do_not_pile_up_calls():
    reader = ChiaposLog()
    reader.feed([b"Tim" + b"\x1b" * 20_000 + b"[0m" * 20_000])
    assert reader.progress.unknown_lines == 1


def test_figures_that_cannot_be_are_ignored():
    odd = f"Progress update: 7\nTime for phase 1 = {'9' * 400} seconds\nPlot size is: 123\n"
    progress = feed(HEAD + odd)
    assert (progress.fraction, progress.phase_seconds[0], progress.k) == (0.12, None, 32)
