"""A small discord.py bot that uses what Plotobot uses; in-process or as its own process."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from typing import Any, Self

import discord
import yarl
from discord import app_commands
from discord.ext import commands

Interaction = discord.Interaction[Any]
JOBS = [f"job {number}" for number in range(1, 31)]


class PauseButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"job:(?P<id>\d+):pause"
):
    """Lives on the board, and through restarts."""

    def __init__(self, job_id: int) -> None:
        super().__init__(discord.ui.Button(label="Pause", custom_id=f"job:{job_id}:pause"))
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from its id."""
        return cls(int(match["id"]))

    async def callback(self, interaction: Interaction) -> None:
        """Tell who pressed."""
        text = f"{interaction.user.name} paused job {self.job_id}"
        await interaction.response.send_message(text, ephemeral=True)


class Rename(discord.ui.Modal, title="Rename"):
    """A form."""

    name: discord.ui.Label[Any] = discord.ui.Label(
        text="New name", component=discord.ui.TextInput(custom_id="name", max_length=20)
    )

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Repeat what was typed."""
        assert isinstance(self.name.component, discord.ui.TextInput)
        await interaction.response.send_message(f"It is {self.name.component.value} now")


class Board(discord.ui.LayoutView):
    """A Components V2 message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        text: Any = discord.ui.TextDisplay("**job 1** 42 %")
        self.add_item(discord.ui.Container(discord.ui.Section(text, accessory=PauseButton(1))))


class Menu(discord.ui.View):
    """A menu and a button that edits its own message."""

    @discord.ui.select(
        cls=discord.ui.Select,
        placeholder="Sort by",
        options=[discord.SelectOption(label="Age"), discord.SelectOption(label="Size")],
    )
    async def choose(self, interaction: Interaction, select: discord.ui.Select[Any]) -> None:
        """Edit the message after a deferred update."""
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"by {select.values[0]}", view=self)

    @discord.ui.button(label="Reset")
    async def reset(self, interaction: Interaction, _: discord.ui.Button[Any]) -> None:
        """Edit the message at once."""
        await interaction.response.edit_message(content="unsorted", view=self)


@app_commands.command()
@app_commands.default_permissions(manage_guild=True)
async def ping(interaction: Interaction) -> None:
    """Answer at once, in private."""
    await interaction.response.send_message("pong", ephemeral=True)


@app_commands.command()
async def slow(interaction: Interaction) -> None:
    """Answer after a while."""
    await interaction.response.defer(ephemeral=True)
    await asyncio.sleep(0.05)
    await interaction.followup.send("here you are")
    await interaction.followup.send("and more")


@app_commands.command()
async def chart(interaction: Interaction) -> None:
    """Send a file that an embed shows."""
    file = discord.File(io.BytesIO(b"\x89PNG"), "chart.png")
    embed = discord.Embed(title="Plots a day").set_image(url=file.uri)
    await interaction.response.send_message(embed=embed, file=file)


@app_commands.command()
async def board(interaction: Interaction) -> None:
    """Send a Components V2 message."""
    await interaction.response.send_message(view=Board())


@app_commands.command()
async def menu(interaction: Interaction) -> None:
    """Send a menu."""
    await interaction.response.send_message("unsorted", view=Menu())


@app_commands.command()
async def rename(interaction: Interaction) -> None:
    """Open a form."""
    await interaction.response.send_modal(Rename())


class JobGroup(app_commands.Group, name="job", description="One job"):
    """A group, so that subcommands are tested."""

    @app_commands.command()
    async def stop(
        self, interaction: Interaction, job: str, sure: app_commands.Range[int, 0, 1] = 0
    ) -> None:
        """Stop a job."""
        await interaction.response.send_message(f"stopped {job} {sure}")

    @stop.autocomplete("job")
    async def jobs(self, _: Interaction, current: str) -> list[app_commands.Choice[str]]:
        """Offer jobs."""
        found = [job for job in JOBS if current in job][:25]
        return [app_commands.Choice(name=job, value=job) for job in found]


class SampleBot(commands.Bot):
    """The bot; `guild_id` is its home."""

    def __init__(self, guild_id: int) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            help_command=None,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.05,
        )
        self.home = discord.Object(guild_id)

    async def setup_hook(self) -> None:
        """Publish the commands."""
        self.add_dynamic_items(PauseButton)
        published: list[Any] = [ping, slow, chart, board, menu, rename, JobGroup()]
        for command in published:
            self.tree.add_command(command, guild=self.home)
        await self.tree.sync(guild=self.home)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Skip the 5 s that discord.py waits before it identifies anew."""


async def main() -> None:
    """Run until SIGTERM; the environment says where and as whom."""
    discord.http.Route.BASE = os.environ["DISCORD_API_BASE"]
    gateway = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
    async with SampleBot(int(os.environ["SAMPLE_GUILD"])) as bot:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: loop.create_task(bot.close()))
        await bot.start(os.environ["SAMPLE_TOKEN"])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
