"""The desk where interactions are answered: callbacks, `@original`, followups."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from tests.loopback import payloads, posting
from tests.loopback.answers import (
    CHOICES,
    DEFER,
    DEFER_UPDATE,
    MESSAGE,
    MODAL,
    UPDATE,
    Answer,
)
from tests.loopback.errors import (
    ALREADY_ACKNOWLEDGED,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    ApiError,
    invalid,
)
from tests.loopback.limits import check_choices, check_modal
from tests.loopback.messages import EPHEMERAL, LOADING, Message
from tests.loopback.rest import id_of

if TYPE_CHECKING:
    from tests.loopback.gateway import Gateway
    from tests.loopback.pulse import Pulse
    from tests.loopback.rest import Params
    from tests.loopback.traffic import Request
    from tests.loopback.world import Channel, User, World

Json = dict[str, Any]

# Interaction types.
COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
INVALID_TOKEN = 50027


class Desk:
    """Sends interactions to the bot and takes its answers."""

    def __init__(self, world: World, gateway: Gateway, pulse: Pulse) -> None:
        self.files_url = ""
        self.patience = 3.0
        self.token_life = 15 * 60.0
        self.answers: list[Answer] = []
        self._world = world
        self._gateway = gateway
        self._pulse = pulse

    def ask(
        self, kind: int, data: Json, *, user: User, channel: Channel, source: Message | None = None
    ) -> Answer:
        """Send one interaction; the answer fills itself as the bot responds."""
        answer = Answer(
            self._pulse,
            id=self._world.snowflake(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            user=user,
            channel=channel,
            source=source,
        )
        self.answers.append(answer)
        payload = payloads.interaction(
            self._world,
            interaction_id=answer.id,
            token=answer.token,
            kind=kind,
            data=data,
            who=user,
            where=channel,
        )
        if source is not None:
            payload["message"] = payloads.message(source, self.files_url)
        self._gateway.dispatch("INTERACTION_CREATE", payload)
        return answer

    async def respond(self, request: Request, params: Params) -> Json | None:
        """`POST /interactions/{id}/{token}/callback`: the first answer, within 3 s, once."""
        answer = self._waiting(id_of(params["id"]), params["token"])
        body = request.json or {}
        kind = int(body.get("type") or 0)
        _check_kind(answer, kind)
        self._take(answer, kind, request, body.get("data") or {})
        answer.data = body.get("data") or {}
        answer.answered_at = time.monotonic()
        answer.callback = kind
        if request.query.get("with_response") not in ("1", "true"):
            return None
        return self._receipt(answer)

    async def create(self, request: Request, params: Params) -> Json:
        """`POST /webhooks/{app}/{token}`: a followup, or what a deferred reply waited for.

        A webhook of a channel has the same route, with its own id and token.
        """
        if where := self._world.webhooks.get((id_of(params["app"]), params["token"])):
            return self._shown(posting.post(self._world, where, request, request.json or {}))
        answer = self._answered(params)
        body = request.json or {}
        if answer.callback == DEFER and answer.message and answer.message.flags & LOADING:
            posting.edit(self._world, answer.message, request, body)
            return self._shown(answer.message)
        flags = (body.get("flags") or 0) & EPHEMERAL
        message = posting.post(self._world, answer.channel, request, body, extra_flags=flags)
        answer.followups.append(message)
        return self._shown(message)

    async def show(self, _: Request, params: Params) -> Json:
        """`GET /webhooks/{app}/{token}/messages/{id}`."""
        return self._shown(self._message(params))

    async def change(self, request: Request, params: Params) -> Json:
        """`PATCH /webhooks/{app}/{token}/messages/{id}`."""
        message = self._message(params)
        posting.edit(self._world, message, request, request.json or {})
        return self._shown(message)

    async def remove(self, _: Request, params: Params) -> None:
        """`DELETE /webhooks/{app}/{token}/messages/{id}`."""
        message = self._message(params)
        message.deleted = True
        del self._world.messages[message.id]

    def _take(self, answer: Answer, kind: int, request: Request, data: Json) -> None:
        """Do what the first answer says."""
        world, source = self._world, answer.source
        if kind == MESSAGE:
            answer.message = posting.post(world, answer.channel, request, data)
        elif kind == DEFER:
            flags = data.get("flags") or 0
            answer.message = posting.placeholder(world, answer.channel, flags=flags)
        elif kind in (DEFER_UPDATE, UPDATE):
            answer.message = source
            if kind == UPDATE and source is not None:
                posting.edit(world, source, request, data)
        elif kind == CHOICES:
            check_choices(data.get("choices") or [])
            answer.choices = data.get("choices") or []
        elif kind == MODAL:
            check_modal(data)
            answer.modal = data

    def _waiting(self, interaction_id: int, token: str) -> Answer:
        answer = self._by_token(token)
        if answer is None or answer.id != interaction_id:
            raise ApiError(404, UNKNOWN_INTERACTION, "Unknown interaction")
        if answer.callback is not None:
            raise ApiError(400, ALREADY_ACKNOWLEDGED, "Interaction has already been acknowledged.")
        if time.monotonic() - answer.asked_at > self.patience:
            raise ApiError(404, UNKNOWN_INTERACTION, "Unknown interaction")
        return answer

    def _answered(self, params: Params) -> Answer:
        answer = self._by_token(params["token"])
        if answer is None or answer.callback is None:
            raise ApiError(404, UNKNOWN_WEBHOOK, "Unknown Webhook")
        if id_of(params["app"]) != self._world.application_id:
            raise ApiError(404, UNKNOWN_WEBHOOK, "Unknown Webhook")
        if time.monotonic() - answer.asked_at > self.token_life:
            raise ApiError(401, INVALID_TOKEN, "Invalid Webhook Token")
        return answer

    def _message(self, params: Params) -> Message:
        answer = self._answered(params)
        wanted = params["message"]
        for message in (answer.message, *answer.followups):
            original = wanted == "@original" and message is answer.message
            if message and not message.deleted and (original or wanted == str(message.id)):
                return message
        raise ApiError(404, UNKNOWN_MESSAGE, "Unknown Message")

    def _by_token(self, token: str) -> Answer | None:
        return next((one for one in self.answers if one.token == token), None)

    def _shown(self, message: Message) -> Json:
        return payloads.message(message, self.files_url)

    def _receipt(self, answer: Answer) -> Json:
        receipt: Json = {"interaction": {"id": str(answer.id), "type": answer.kind}}
        message = answer.message
        if message is not None:
            receipt["interaction"] |= {
                "response_message_id": str(message.id),
                "response_message_loading": bool(message.flags & LOADING),
                "response_message_ephemeral": message.ephemeral,
            }
        if message is not None and answer.callback in (MESSAGE, UPDATE):
            receipt["resource"] = {"type": answer.callback, "message": self._shown(message)}
        return receipt


def _check_kind(answer: Answer, kind: int) -> None:
    """Refuse an answer that does not fit the question, e.g. choices for a click."""
    allowed = {
        COMMAND: {MESSAGE, DEFER, MODAL},
        COMPONENT: {MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL},
        AUTOCOMPLETE: {CHOICES},
        FORM: {MESSAGE, DEFER} | ({DEFER_UPDATE, UPDATE} if answer.source else set()),
    }[answer.kind]
    if kind not in allowed:
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")
