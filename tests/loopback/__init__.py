"""A Discord on loopback: real HTTP and a real gateway for an unmodified discord.py."""

from tests.loopback.answers import Answer
from tests.loopback.messages import Message
from tests.loopback.server import LoopbackDiscord

__all__ = ["Answer", "LoopbackDiscord", "Message"]
