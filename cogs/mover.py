"""`/move`: take finished plots from the out drives to where they belong."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.models import DriveKind
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.mover import mover_text, state_text

MAX_CHOICES = 25  # Discord's limit; discord.py does not cut
NAME_LIMIT = 100


class DestinationOption(app_commands.Transformer[FarmClient]):
    """Lets a person pick a destination."""

    async def transform(self, interaction: Interaction, value: str, /) -> str:
        """Take it as it is; the engine knows whether there is such a one."""
        return value

    async def autocomplete(  # type: ignore[override]
        self, interaction: Interaction, current: str, /
    ) -> list[app_commands.Choice[str]]:
        """Offer the destinations that match."""
        view = await interaction.client.engine.mover()
        return _choices([place.name for place in view.destinations], current)


class OutDriveOption(app_commands.Transformer[FarmClient]):
    """Lets a person pick an out drive."""

    async def transform(self, interaction: Interaction, value: str, /) -> str:
        """Take it as it is; the engine knows whether there is such a one."""
        return value

    async def autocomplete(  # type: ignore[override]
        self, interaction: Interaction, current: str, /
    ) -> list[app_commands.Choice[str]]:
        """Offer the out drives that match."""
        views = await interaction.client.engine.drives(DriveKind.OUT)
        return _choices([view.drive.path for view in views], current)


def _choices(names: list[str], current: str) -> list[app_commands.Choice[str]]:
    fitting = [n for n in names if current.lower() in n.lower() and len(n) <= NAME_LIMIT]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:MAX_CHOICES]]


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Mover(commands.GroupCog, name="move", description="Take finished plots where they belong"):
    """The mover's handles."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    async def status(self, interaction: Interaction) -> None:
        """Show what is being moved, what waits, and the destinations."""
        text = mover_text(await self.engine.mover())
        await interaction.response.send_message(text, ephemeral=True)

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def start(self, interaction: Interaction) -> None:
        """Move finished plots as they come."""
        await interaction.response.defer()  # it looks at every drive
        await interaction.followup.send(state_text(await self.engine.start_moving()))

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def stop(self, interaction: Interaction) -> None:
        """Begin no more moves; those on their way go on."""
        await interaction.response.send_message(state_text(await self.engine.stop_moving()))

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(
        source="Only the plots of this out drive",
        destination="Where they go; left out, the settings choose",
    )
    async def once(
        self,
        interaction: Interaction,
        source: app_commands.Transform[str, OutDriveOption] | None = None,
        destination: app_commands.Transform[str, DestinationOption] | None = None,
    ) -> None:
        """Move the plots that are finished now."""
        await interaction.response.defer()
        view = await self.engine.move_once(source, destination)
        await interaction.followup.send(mover_text(view))

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(
        destination="The destination to be left alone", resume="Use it again instead"
    )
    async def pause(
        self,
        interaction: Interaction,
        destination: app_commands.Transform[str, DestinationOption],
        resume: bool = False,
    ) -> None:
        """Let nothing go to a destination for now, or again."""
        await interaction.response.defer()
        view = await self.engine.pause_destination(destination, paused=not resume)
        await interaction.followup.send(mover_text(view))


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Mover(bot.engine))
