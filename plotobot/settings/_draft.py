"""Settings in the making: answers are judged one by one, as the settings file would be."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import SecretStr

from plotobot.errors import SettingsError
from plotobot.settings._dotenv import parse_env, with_variable
from plotobot.settings._edit import MARK, edited, merged
from plotobot.settings._environment import read_environment, token_fault
from plotobot.settings._file import located, read_text
from plotobot.settings._load import check_values, judge
from plotobot.settings._model import SettingsFile
from plotobot.settings._problem import Problem, hider
from plotobot.settings._replace import NewFile, replace_files
from plotobot.settings._settings import Settings

_ENV_HEAD = (
    "# Plotobot's secrets: let nobody else read this file.\n"
    "# The bot's token, from https://discord.com/developers/applications, page Bot.\n"
)


class Draft:
    """A settings file and its `.env` with answers that are not written yet. Blocks.

    Args:
        file: the settings file; it need not exist.
        template: what a new file begins with.
        plotters: the names that plot.plotter may have.
        environ: the environment; None takes the process's own.
        state: the state folder that was asked for (`--state`).

    Raises:
        SettingsError: there is a file that cannot be used; one sentence for each reason.
    """

    def __init__(
        self,
        file: Path,
        template: str = "",
        plotters: Collection[str] = (),
        environ: Mapping[str, str] | None = None,
        state: Path | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self.file = file
        self._template = template
        self._plotters = tuple(plotters)
        self._environment, problems = read_environment(file, state, environ)
        self.exists = os.path.lexists(file)
        """Whether the file was there before."""
        text = self._text()
        written, more = judge(file, text, self._secrets, self._plotters, hider(self._secrets))
        if written is None or problems or more:
            raise SettingsError([hider(self._secrets)(one) for one in (*problems, *more)])
        self.written: SettingsFile = written
        """The settings with every answer so far."""
        self.token = self._environment.token
        """Of the environment, else of the `.env`, until another one is given."""
        self.token_from = "the environment" if environ.get("DISCORD_TOKEN") else ".env"
        self._data = tomllib.loads(text.replace("\r\n", "\n"))
        self.changes: dict[str, object] = {}

    @property
    def env_file(self) -> Path:
        """The `.env` beside the settings file."""
        return self.file.parent / ".env"

    @property
    def backup(self) -> Path:
        """Where the settings file is kept as it was before the answers."""
        return self.file.with_name(f"{self.file.name}.bak")

    @property
    def settings(self) -> Settings:
        """The settings with every answer so far, as they would be loaded."""
        return Settings(
            file=self.file.absolute(),
            written=self.written,
            state_dir=self._environment.state_dir,
            token=SecretStr(self.token) if self.token else None,
            api_base=self._environment.api_base,
            gateway_url=self._environment.gateway_url,
        )

    def sets(self, key: str) -> bool:
        """Whether the file or an answer sets this dotted key, so that it is not at its default."""
        found: object = self._data
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found is not None

    def problems(self, changes: Mapping[str, object]) -> list[str]:
        """What is wrong with these answers, by dotted key; None stands for the default."""
        return self._judge(changes)[1]

    def attempt(self, changes: Mapping[str, object]) -> list[str]:
        """Take answers, or say what is wrong with them; see `problems`."""
        written, problems = self._judge(changes)
        fresh = any(it is not None and not self.sets(key) for key, it in changes.items())
        if written and (fresh or written != self.written):
            self.written, self._data = written, merged(self._data, changes)
            self.changes |= changes
        return problems

    def _judge(self, changes: Mapping[str, object]) -> tuple[SettingsFile | None, list[str]]:
        hide = hider(self._secrets)
        data = merged(self._data, changes)
        written, problems = check_values(data, self._secrets, self._plotters, hide)
        told = list(dict.fromkeys(hide(problem.text) for problem in problems))
        return (None if told else written), told

    def take_token(self, token: str) -> str | None:
        """Take the bot's token, or say what is wrong with it."""
        token = token.strip()
        if not token:
            return "The token is empty; copy it from the Discord developer portal, page Bot."
        if fault := token_fault(token):
            return fault
        self.token = token
        return None

    def save(self) -> list[Path]:
        """Write what changed, all of it or nothing.

        Returns:
            The files that were written; the settings file as it was stands beside a changed one.

        Raises:
            SettingsError: one sentence each; every file is as it was.
        """
        files = [*self._settings_file(), *self._new_env()]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{self.file.parent} cannot be made ({error.strerror})"
            raise SettingsError([f"{reason}; name another folder with --settings."]) from None
        replace_files(files)
        return [file.path for file in files]

    @property
    def _secrets(self) -> tuple[str, ...]:
        token = getattr(self, "token", None)
        return (*self._environment.secrets, *([token] if token else ()))

    def _text(self) -> str:
        """The settings file as it is now: somebody may edit it during the conversation."""
        if not self.exists:
            return self._template
        text = read_text(self.file)
        if isinstance(text, Problem):
            raise SettingsError([located(self.file, text, {})])
        return text

    def _settings_file(self) -> list[NewFile]:
        text = self._text()
        new = edited(self.file, text, self.changes, self._plotters)
        if not self.exists and os.path.lexists(self.file):
            raise SettingsError([f"{self.file} is there all of a sudden; start again."])
        if not self.exists:
            return [NewFile(self.file, new.encode())]
        if new == text:
            return []
        old = self.file.read_bytes()
        mark = MARK if old.startswith(MARK) else b""
        mode = stat.S_IMODE(self.file.stat().st_mode)
        return [NewFile(self.backup, old, mode), NewFile(self.file, mark + new.encode())]

    def _new_env(self) -> list[NewFile]:
        if self.token is None:
            return []
        there = os.path.lexists(self.env_file)
        text = read_text(self.env_file) if there else _ENV_HEAD
        if isinstance(text, Problem):
            raise SettingsError([located(self.env_file, text, {})])
        present, _ = parse_env(text) if there else ({}, [])
        if present.get("DISCORD_TOKEN", ("", 0))[0] != self.token:
            text = with_variable(text, "DISCORD_TOKEN", self.token)
        elif os.name == "nt" or not self.env_file.stat().st_mode & 0o077:
            return []
        return [NewFile(self.env_file, text.encode(), 0o600)]
