"""The world as Discord writes it in JSON: the fields that discord.py 2.7.1 reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback.messages import File, Message
from tests.loopback.world import Channel, Guild, Member, Role, User, World

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, Any]

ATTACHMENT_LIMIT = 10 * 1024**2
JOINED_AT = "2026-01-01T00:00:00+00:00"
VERIFY_KEY = "0" * 64


def user(who: User) -> Json:
    """An account as others see it."""
    return {
        "id": str(who.id),
        "username": who.name,
        "discriminator": "0",
        "global_name": None if who.bot else who.name.capitalize(),
        "avatar": None,
        "primary_guild": None,
        "bot": who.bot,
        "public_flags": 0,
        "flags": 0,
    }


def own_user(who: User) -> Json:
    """The bot's own account, as `/users/@me` shows it."""
    return user(who) | {"verified": True, "mfa_enabled": False, "locale": "en-US", "email": None}


def application(world: World, owner: User) -> Json:
    """The answer to `/oauth2/applications/@me`."""
    return {
        "id": str(world.application_id),
        "name": "Plotobot",
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": VERIFY_KEY,
        "type": None,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(world.joined),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "owner": user(owner),
        "team": None,
        "bot": user(world.bot),
    }


def role(one: Role, position: int) -> Json:
    """A role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def member(one: Member, *, permissions: bool = False) -> Json:
    """A member of a guild; interactions carry the permissions as well."""
    payload: Json = {
        "user": user(one.user),
        "nick": None,
        "avatar": None,
        "roles": [str(role_id) for role_id in one.roles],
        "joined_at": JOINED_AT,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return payload | ({"permissions": str(one.permissions)} if permissions else {})


def channel(one: Channel) -> Json:
    """A text channel or a direct conversation."""
    if one.recipient is not None:
        return {
            "id": str(one.id),
            "type": 1,
            "last_message_id": None,
            "recipients": [user(one.recipient)],
            "flags": 0,
        }
    return {
        "id": str(one.id),
        "type": 0,
        "guild_id": str(one.guild_id),
        "name": one.name,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "nsfw": False,
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
    }


def guild(one: Guild, *, members: Iterable[Member]) -> Json:
    """A guild as GUILD_CREATE and `GET /guilds/{id}` show it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "owner_id": str(one.owner_id),
        "unavailable": False,
        "large": False,
        "joined_at": JOINED_AT,
        "member_count": len(one.members),
        "roles": [role(each, place) for place, each in enumerate(one.roles.values())],
        "channels": [channel(each) for each in one.channels.values()],
        "members": [member(each) for each in members],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "afk_timeout": 300,
        "afk_channel_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
    }


def attachment(file: File, where: Channel, files_url: str) -> Json:
    """An uploaded file; its URL can be fetched."""
    url = f"{files_url}/{where.id}/{file.id}/{file.name}"
    described = {} if file.description is None else {"description": file.description}
    return {
        "id": str(file.id),
        "filename": file.name,
        "size": len(file.data),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type,
        **described,
    }


def message(one: Message, files_url: str) -> Json:
    """A message."""
    payload: Json = {
        "id": str(one.id),
        "type": 0 if one.reply_to is None else 19,
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "content": one.content,
        "timestamp": one.sent_at.isoformat(),
        "edited_timestamp": one.edited_at and one.edited_at.isoformat(),
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "pinned": False,
        "attachments": [attachment(file, one.channel, files_url) for file in one.files],
        "embeds": [{"type": "rich"} | embed for embed in one.embeds],
        "components": _answered(one.components),
        "flags": one.flags,
    }
    if one.reply_to is not None:
        payload["message_reference"] = {
            "message_id": str(one.reply_to),
            "channel_id": str(one.channel.id),
        }
    return payload | ({} if one.nonce is None else {"nonce": one.nonce})


def interaction(
    world: World,
    *,
    interaction_id: int,
    token: str,
    kind: int,
    data: Json,
    who: User,
    where: Channel,
) -> Json:
    """An INTERACTION_CREATE, complete enough that no key is missed (A12)."""
    payload: Json = {
        "id": str(interaction_id),
        "application_id": str(world.application_id),
        "type": kind,
        "token": token,
        "version": 1,
        "channel_id": str(where.id),
        "channel": channel(where) | {"permissions": "0"},
        "locale": "en-US",
        "app_permissions": str(1 << 46 | (1 << 16) - 1),
        "attachment_size_limit": ATTACHMENT_LIMIT,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(where.guild_id or 0)},
        "data": data,
    }
    if where.guild_id is None:
        return payload | {"user": user(who), "context": 1}
    home = world.guilds[where.guild_id]
    one = member(home.members.get(who.id, Member(who)), permissions=True)
    payload["channel"]["permissions"] = one["permissions"]
    return payload | {
        "guild_id": str(home.id),
        "guild": {"id": str(home.id), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": one,
        "context": 0,
    }


def _answered(part: Any) -> Any:
    """Components as Discord gives them back: an emoji that is none of a server's has no id."""
    if isinstance(part, list):
        return [_answered(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        name: {k: v for k, v in value.items() if v is not None}
        if name == "emoji" and isinstance(value, dict)
        else _answered(value)
        for name, value in part.items()
    }
