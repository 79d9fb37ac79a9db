"""What a client is told while deployments run: the one subscriber of a connection, its filters and its order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..model.events import Event, OutputChunk
from ..model.ports import Published, Subscriber
from .capabilities import ClientProfile

if TYPE_CHECKING:
    from .protocol import DeployProtocol

logger = logging.getLogger(__name__)

Follower = Callable[[Event], None]
"""Makes something else of the events (progress bars, log lines, questions). Must not block."""


class _Held:
    """Events that wait for a response to be sent first."""

    def __init__(self) -> None:
        self.requests = 0
        self.items: list[Published] = []


class EventFeed:
    """Sends events as notifications, in the order of the recorder, to a client that wants them."""

    def __init__(self, client: DeployProtocol, profile: ClientProfile) -> None:
        self._client = client
        self._profile = profile
        self._followers: list[Follower] = []
        self._held: dict[str, _Held] = {}
        self.subscriber: Subscriber = self._publish
        """The same object for every deployment, so that a second subscription replaces the first."""

    def add(self, follower: Follower) -> None:
        self._followers.append(follower)

    def hold(self, deployment_id: str) -> None:
        """Keep this deployment's events back until `release` was called as often."""
        self._held.setdefault(deployment_id, _Held()).requests += 1

    def release(self, deployment_id: str) -> None:
        held = self._held[deployment_id]
        held.requests -= 1
        if held.requests == 0:
            del self._held[deployment_id]
            for published in held.items:
                self._deliver(published)

    def _publish(self, published: Published) -> None:
        held = self._held.get(published.item.deployment_id)
        if held is not None:
            held.items.append(published)
        else:
            self._deliver(published)

    def _deliver(self, published: Published) -> None:
        item = published.item
        if isinstance(item, OutputChunk):
            if self._profile.declared and self._profile.stream_output:
                self._client.send_published(published.line, droppable=True)
            return
        if self._profile.wants(item.method):
            self._client.send_published(published.line)
        for follower in self._followers:
            try:
                follower(item)
            except Exception:
                logger.exception("a follower of %s failed", item.method)
