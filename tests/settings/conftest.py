"""Settings files made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from plotobot.errors import SettingsError
from plotobot.settings import Settings, load_settings

Load = Callable[..., Settings]
Complain = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a settings file, and a `.env` beside it, and load them with no other environment."""

    def write_and_load(
        text: str | bytes = "",
        env: str | None = None,
        environ: Mapping[str, str] | None = None,
        **more: object,
    ) -> Settings:
        file = tmp_path / "plotobot.toml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        if env is not None:
            (tmp_path / ".env").write_text(env, encoding="utf-8")
        return load_settings(file, environ=environ or {}, **more)  # type: ignore[arg-type]

    return write_and_load


@pytest.fixture
def complaints(load: Load, tmp_path: Path) -> Complain:
    """Like `load`, but return what is wrong, without the folder's name."""

    def load_in_vain(*args: object, **more: object) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(*args, **more)
        return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return load_in_vain
