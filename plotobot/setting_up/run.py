"""`plotobot init` from beginning to end."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plotobot import terminal
from plotobot.errors import SettingsError
from plotobot.plotters import PLOTTERS, plotter
from plotobot.setting_up.advice import Advice, takes_own_keys
from plotobot.setting_up.answers import OPTIONS, Answers, shown
from plotobot.setting_up.conversation import Conversation
from plotobot.setting_up.machine import Machine
from plotobot.setting_up.plans import pace_plan, plotter_plan
from plotobot.setting_up.talk import Stopped, Talk
from plotobot.setting_up.template import template
from plotobot.settings import find_settings, load_settings
from plotobot.settings.editing import Draft
from plotobot.surroundings import look_around, look_at_drives

_LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said on the command line."""

    file: Path | None = None
    state: Path | None = None
    given: Mapping[str, str | list[str]] = field(default_factory=dict)
    """Settings by dotted key, as typed."""
    token_file: Path | None = None
    yes: bool = False
    """Ask nothing and write."""


def begin(wishes: Wishes) -> Draft:
    """Read what is there, and take what the options say.

    Raises:
        SettingsError: one sentence for each thing that is wrong; nothing was changed.
    """
    file = _file(wishes.file)
    _check_writable(file)
    draft = Draft(file, template(), tuple(PLOTTERS), state=wishes.state)
    answers = Answers(draft)
    if problems := answers.take({key: _read(answers, key, it) for key, it in wishes.given.items()}):
        raise SettingsError(problems)
    if wishes.token_file and (fault := draft.take_token(_token(wishes.token_file))):
        raise SettingsError([f"--token-file: {fault}"])
    return draft


def ask(draft: Draft, machine: Machine, talk: Talk, wishes: Wishes) -> bool:
    """Hold the conversation, show what comes of it, and ask whether to write it.

    Raises:
        Stopped: the farmer broke it off.
    """
    state = "changes" if draft.exists else "is new"
    talk.say(
        f"Settings: {draft.file} ({state}).\n"
        "Enter takes what stands in [brackets], - takes a thing out, Ctrl-C ends it all unwritten."
    )
    answers = Answers(draft, [offer.path for offer in machine.offers])
    conversation = Conversation(answers, machine, talk, wishes.given)
    try:
        conversation.hold(token=wishes.token_file is None)
        show(draft, talk)
        return conversation.agrees("Write this?", usually=True)
    except (EOFError, KeyboardInterrupt):
        talk.say("")  # the question's line has no end
        raise Stopped("Stopped; nothing was written.") from None


def settle(draft: Draft, machine: Machine, wishes: Wishes) -> None:
    """Do without questions: take the suggestions where nothing is set.

    Raises:
        SettingsError: something is missing that cannot be guessed; the sentence names the options.
    """
    answers = Answers(draft)
    _take_unset(answers, {"plot.plotter": plotter_plan(machine)})
    if missing := _missing(draft, wishes):
        what = "There is nobody to ask here" if not wishes.yes else "With --yes nothing is asked"
        raise SettingsError([f"{what}, and these are missing: {', '.join(missing)}."])
    _take_unset(answers, {"plot.k": pace_plan(draft, machine)["plot.k"]})
    _take_unset(answers, pace_plan(draft, machine))  # anew, since all else depends on k


def show(draft: Draft, talk: Talk) -> None:
    """Show the settings and the drives that come of the answers."""
    answers = Answers(draft)
    rows = [
        (key, shown(key, answers.present(key)), _origin(draft, key))
        for key in OPTIONS
        if shown(key, answers.present(key))
    ]
    rows.append(("DISCORD_TOKEN", "set, hidden" if draft.token else "not set", "in .env"))
    talk.say("")
    talk.show(("setting", "value", ""), rows)
    talk.say("")
    terminal.show_drives(look_at_drives(draft.settings.engine))


def _origin(draft: Draft, key: str) -> str:
    if key in draft.changes:
        return "changed" if draft.exists else ""
    return "as it was" if draft.sets(key) else "default"


def write(draft: Draft, talk: Talk) -> None:
    """Write the files and say which.

    Raises:
        SettingsError: one sentence; every file is as it was.
    """
    written = draft.save()
    for file in written:
        what = "Kept as it was before" if file == draft.backup else "Written"
        talk.say(f"{what}: {file}")
    if not written:
        talk.say("Everything is set so already; nothing was written.")


def check(wishes: Wishes, draft: Draft, talk: Talk) -> None:
    """Look at the new settings as `plotobot check` does, and say the next command.

    Raises:
        SettingsError: they cannot be loaded.
    """
    settings = load_settings(draft.file, state=wishes.state, plotters=tuple(PLOTTERS))
    findings = look_around(settings)
    talk.say("")
    terminal.show_findings(findings)
    words = _words(wishes)
    if words or any(finding.level == "problem" for finding in findings):
        talk.say(f"Then: plotobot run{words}")


def _take_unset(answers: Answers, plan: Mapping[str, Advice]) -> None:
    if answers.draft.exists:
        return  # it means its defaults
    changes = {key: it.value for key, it in plan.items() if not answers.draft.sets(key)}
    if problems := answers.take(changes):
        raise SettingsError(problems)


def _words(wishes: Wishes) -> str:
    options = (("--settings", wishes.file), ("--state", wishes.state))
    return "".join(f" {name} {shlex.quote(str(it))}" for name, it in options if it is not None)


def _file(asked: Path | None) -> Path:
    try:
        return find_settings(asked).absolute()
    except SettingsError:  # none is there yet
        return Path("plotobot.toml").absolute()


def _check_writable(file: Path) -> None:
    """Before any question is asked."""
    nearest = next(one for one in (file, *file.parents) if os.path.lexists(one))
    if nearest != file and not nearest.is_dir():
        raise SettingsError([f"{nearest} is no folder; name another file with --settings."])
    for path in {nearest, nearest.parent if nearest == file else nearest}:
        if path.exists() and not os.access(path, os.W_OK):
            what = f"{path} may not be written by this user"
            raise SettingsError([f"{what}; change its owner, or name another with --settings."])


def _read(answers: Answers, key: str, text: str | list[str]) -> object:
    if isinstance(text, str):
        return answers.read(key, text)
    parts = text if key.startswith("drives.") else [answers.read(key, one) for one in text]
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


def _token(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST_TOKEN).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError([f"--token-file {file} cannot be read: {reason}."]) from None


def _missing(draft: Draft, wishes: Wishes) -> list[str]:
    written, plot = draft.written, draft.settings.engine.plot
    owners = written.discord.owners
    keyless = not takes_own_keys(plotter(plot.plotter), plot)
    lacks = {
        "--temp": not written.drives.temp,
        "--out": not written.drives.out,
        "--farmer-key": keyless and not plot.farmer_key,
        "--contract (or --pool-key)": keyless and not (plot.contract or plot.pool_key),
        "--guild": written.discord.guild is None,
        "--channel": written.discord.channel is None,
        "--owner": not (owners.users or owners.roles),
        "--token-file (or DISCORD_TOKEN)": draft.token is None,
        "--yes": not wishes.yes,
    }
    return [name for name, is_missing in lacks.items() if is_missing]
