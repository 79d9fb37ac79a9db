"""The wire to an OpenAI-compatible endpoint: one POST with the SDK's retries, our deadline and our cap.

Imports openai and httpx2: only the client's first call imports this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from ..model.errors import ModelError
from .faults import ParameterRefused, Place, http_fault, not_reached, too_large

MAX_REPLY_BYTES = 4_000_000
"""Far above what any model says at once; a stream that never ends is not kept in memory."""
CONNECT_TIMEOUT_S = 5.0
RETRIES = 2
"""The SDK's own: on 408, 409, 429, 5xx and lost connections, with growing pauses or as Retry-After says (up to 120 s)."""


@dataclass(frozen=True)
class Received:
    """A successful answer, not looked into."""

    body: str
    content_type: str


class Endpoint:
    """Keeps connections open between calls; close it."""

    def __init__(self, place: Place, key: str) -> None:
        self._place = place
        # The SDK's own client would take proxies (for loopback too) from the environment, and follow redirects with the key.
        transport = _Capped(httpx2.AsyncHTTPTransport(trust_env=False, proxy=place.proxy))
        self._client = openai.AsyncOpenAI(
            api_key=key,
            base_url=place.base_url,
            max_retries=RETRIES,
            timeout=httpx2.Timeout(place.timeout_s, connect=CONNECT_TIMEOUT_S),
            http_client=httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False),
            # stated, so that no variable of the environment (OPENAI_ORG_ID, OPENAI_CUSTOM_HEADERS, …) speaks to another provider
            default_headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity", **_NOBODY},  # type: ignore[dict-item]
        )

    async def complete(self, request: Mapping[str, Any]) -> Received:
        """Send a chat completion request.

        Raises:
            ParameterRefused: one of its parameters is not taken.
            TimeoutError: no complete answer in time.
            ModelError: nobody there, or an error.
        """
        place = self._place
        try:
            # the SDK's time-outs are per chunk: a slow stream would never end
            async with asyncio.timeout(place.timeout_s):
                answer = await self._client.chat.completions.with_raw_response.create(**request)
        except openai.APITimeoutError as error:
            if isinstance(error.__cause__, httpx2.ConnectTimeout):
                raise not_reached(place, f"no connection within {CONNECT_TIMEOUT_S:g} s") from None
            raise TimeoutError from None
        except openai.APIStatusError as error:
            raise _status_fault(place, error) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise not_reached(place, _root_cause(error)) from None
        data = answer.http_response.content
        if len(data) >= MAX_REPLY_BYTES:
            raise too_large(place, MAX_REPLY_BYTES)
        return Received(data.decode("utf-8", "replace"), answer.headers.get("content-type", "").lower())

    async def aclose(self) -> None:
        await self._client.close()


_NOBODY = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}


def _status_fault(place: Place, error: openai.APIStatusError) -> ModelError | ParameterRefused:
    fields = error.body if isinstance(error.body, dict) else {}
    message = (
        fields.get("message") or fields.get("detail") or fields.get("error") or (error.body if fields else error.response.text)
    )
    code = str(fields.get("code") or "")
    return http_fault(
        place, error.status_code, str(message), code=code, retry_after=_long_wait(error.response.headers.get("retry-after"))
    )


def _long_wait(retry_after: str | None) -> str | None:
    """The seconds asked for, where the SDK did not wait them."""
    return retry_after if retry_after is not None and retry_after.isdecimal() and int(retry_after) > 120 else None


def _root_cause(error: BaseException) -> str:
    """The first cause: the SDK itself says "Connection error." only."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


class _Capped(httpx2.AsyncBaseTransport):
    """Ends every body, of errors too, at the cap."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _CappedStream(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _CappedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_REPLY_BYTES
        async for part in self._inner:
            yield part[:left]
            left -= len(part)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._inner.aclose()
