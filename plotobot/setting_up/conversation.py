"""Asks for the settings, one by one, and asks again where an answer will not do."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from plotobot.check import check_keys
from plotobot.engine.models import GIB, DriveKind
from plotobot.plotters import PLOTTERS, plotter
from plotobot.setting_up.advice import Advice, takes_own_keys
from plotobot.setting_up.answers import Answers, shown
from plotobot.setting_up.machine import Machine
from plotobot.setting_up.plans import drive_plan, drives_now, pace_plan, plotter_plan
from plotobot.setting_up.talk import Talk

_NEEDED: Mapping[DriveKind, str] = {
    DriveKind.TEMP: "Temp drives, where plots are made",
    DriveKind.OUT: "Out drives, which take finished plots",
}
_MORE: Mapping[DriveKind, str] = {
    DriveKind.TEMP2: "Second temp drives",
    DriveKind.REPLOT: "Drives whose old plots make room for new ones",
    DriveKind.DESTINATION: "Drives where finished plots are moved to in the end",
}
_PACE: Mapping[str, str] = {
    "plot.k": "Size of a plot, k",
    "plot.compression": "Compression level",
    "plot.threads": "Threads for one plot",
    "plot.buffer_mib": "Memory for one plot, in MiB",
    "spawn.max_parallel": "Plots at once",
    "spawn.max_parallel_per_drive": "Plots at once on one temp drive",
}
_DISCORD: Mapping[str, str] = {
    "discord.guild": "Id of the server (right-click its name)",
    "discord.channel": "Id of the channel for messages (right-click it)",
    "discord.owners.users": "Id of your own user, who may do everything (right-click your name)",
}
_KEYS = ("plot.contract", "plot.pool_key", "plot.farmer_key")


class Conversation:
    """One run through the questions.

    Args:
        answers: where the answers go.
        machine: what was found here.
        talk: how to speak with the farmer.
        given: dotted keys that are not asked for, since options answered them.
    """

    def __init__(
        self, answers: Answers, machine: Machine, talk: Talk, given: Collection[str] = ()
    ) -> None:
        self._answers = answers
        self._draft = answers.draft
        self._machine = machine
        self._talk = talk
        self._given = frozenset(given)

    def hold(self, *, token: bool) -> None:
        """Ask everything; `token` says whether to ask for the bot's token, too.

        Raises:
            EOFError: the answers ended.
            KeyboardInterrupt: the farmer broke it off.
        """
        self._ask("machine", "Name of this machine")
        self._ask_plotter()
        self._show_offers()
        for kind, question in _NEEDED.items():
            self._ask_drives(kind, question)
        if self.agrees("Other drives: second temp, replotting, moving finished plots?", False):
            for kind, question in _MORE.items():
                self._ask_drives(kind, question)
        self._ask_pace()
        self._ask_keys()
        self._ask_discord()
        if token:
            self._ask_token()

    def agrees(self, question: str, usually: bool) -> bool:
        """Ask for a yes or a no."""
        while True:
            text = self._talk.ask(f"{question} [{'Y/n' if usually else 'y/N'}]").strip().lower()
            if text in ("", "y", "yes", "n", "no"):
                return text.startswith("y") if text else usually
            self._talk.say("  Answer y or n.")

    def _ask_plotter(self) -> None:
        programs = self._machine.programs
        found = ", ".join(f"{name} ({program.version})" for name, program in programs.items())
        self._talk.say(f"\nPlotters found: {found or 'none'}. Known: {', '.join(PLOTTERS)}.")
        self._ask("plot.plotter", "Plotter", plotter_plan(self._machine))
        name = self._draft.written.plot.plotter
        if name not in programs:
            self._talk.say(f"  {name} is not in its usual places; Enter looks there again later.")
        if name not in programs or self._draft.written.plot.program:
            self._ask("plot.program", "Full path of its program")

    def _show_offers(self) -> None:
        rows = [
            (
                str(number),
                offer.path,
                offer.volume.label or "",
                f"{offer.volume.free / GIB:.1f}",
                f"{offer.volume.total / GIB:.1f}",
                " ".join(filter(None, (offer.volume.model, offer.volume.bus))),
            )
            for number, offer in enumerate(self._machine.offers, 1)
        ]
        if rows:
            self._talk.say("\nDrives found, without the system's own:")
            self._talk.show(("", "mounted at", "label", "free GiB", "of", "drive"), rows)
        else:
            self._talk.say("\nNo drives found besides the system's own; name folders.")
        self._talk.say("Answer with numbers, folders or label:TEXT, and commas between them.")

    def _ask_drives(self, kind: DriveKind, question: str) -> None:
        key = f"drives.{kind.value}"
        needed = kind in _NEEDED
        before = self._answers.present(key)
        while key not in self._given:
            self._ask(key, question, drive_plan(self._draft, self._machine, kind), needed=needed)
            troubled = [one for one in drives_now(self._draft, kind) if one.problem]
            for drive in troubled:
                self._talk.say(f"  {drive.path}: {drive.problem}.")
            if not troubled or self.agrees("Take it all the same?", usually=False):
                return
            self._answers.take({key: before or None})

    def _ask_pace(self) -> None:
        self._talk.say("")
        self._ask("plot.k", _PACE["plot.k"], pace_plan(self._draft, self._machine)["plot.k"])
        plan = pace_plan(self._draft, self._machine)  # anew, since all else depends on k
        for key, question in _PACE.items():
            if key in plan and key != "plot.k":
                self._ask(key, question, plan[key])

    def _ask_keys(self) -> None:
        plot = self._draft.settings.engine.plot
        own = takes_own_keys(plotter(plot.plotter), plot)
        self._talk.say(
            "\nKeys: `chia plotnft show` tells the contract's address (xch1...) where you farm in "
            f"a pool, `chia keys show` tells the keys.{f' Enter lets {plot.plotter}' * own}"
            f"{' take its own.' * own}"
        )
        while not self._given.issuperset(_KEYS):
            self._ask_pool()
            self._ask("plot.farmer_key", "Farmer public key")
            faults = [one for one in check_keys(self._draft.settings) if one.level == "problem"]
            for fault in faults:
                self._talk.say(f"  {fault.what}")
            if not faults:
                return

    def _ask_pool(self) -> None:
        if "plot.pool_key" in self._given:
            return
        self._ask("plot.contract", "Pool contract address")
        if not self._draft.written.plot.contract:
            self._ask("plot.pool_key", "Pool public key, where there is no contract")

    def _ask_discord(self) -> None:
        self._talk.say(
            "\nDiscord: switch on Settings > Advanced > Developer Mode; then a right-click has "
            "Copy ID.\nEnter leaves a thing out for now; run `plotobot init` again later."
        )
        for key, question in _DISCORD.items():
            self._ask(key, question)

    def _ask_token(self) -> None:
        self._talk.say("The bot's token: discord.com/developers/applications > Bot > Reset Token.")
        question = "Bot's token (you will not see it)"
        if self._draft.token:
            question += f" [the one from {self._draft.token_from}]"
        while text := self._talk.ask_hidden(question).strip():
            fault = self._draft.take_token(text)
            if fault is None:
                return
            self._talk.say(f"  {fault}")

    def _ask(
        self, key: str, question: str, advice: Advice | None = None, *, needed: bool = False
    ) -> None:
        """Ask for one setting until the answer will do; Enter takes what stands in brackets."""
        if key in self._given:
            return
        usual = self._usual(key, advice)
        brackets = f" [{text}]" if (text := shown(key, usual)) else ""
        while True:
            typed = self._talk.ask(f"{question}{brackets}").strip()
            value = self._value(key, typed) if typed else usual
            if needed and not value:
                self._talk.say("  Name at least one; without it no plot can be made.")
            elif problems := self._take(key, value):
                for problem in problems:
                    self._talk.say(f"  {problem}")
            else:
                return

    def _usual(self, key: str, advice: Advice | None) -> object:
        """What Enter takes: what is set, else the suggestion."""
        present = self._answers.present(key)
        if advice is None or self._draft.sets(key):
            return present
        what = shown(key, advice.value)
        self._talk.say(f"  {f'Suggested {what}' if what else 'No suggestion'}: {advice.because}.")
        # An older file means its defaults.
        return present if self._draft.exists and present else advice.value

    def _value(self, key: str, typed: str) -> object:
        return None if typed == "-" else self._answers.read(key, typed)

    def _take(self, key: str, value: object) -> list[str]:
        """Take an answer; what a present file leaves at its default is not written into it."""
        is_news = value != self._answers.present(key) or (key in _PACE and not self._draft.exists)
        return (self._answers.take if is_news else self._answers.problems)({key: value})
