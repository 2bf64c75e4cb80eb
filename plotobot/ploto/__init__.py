"""Moving in from Ploto: its PlotoSpawnerConfig.json becomes a plotobot.toml."""

from plotobot.ploto.conversion import Dropped, Imported, convert
from plotobot.ploto.files import import_file, write_imported

__all__ = ["Dropped", "Imported", "convert", "import_file", "write_imported"]
