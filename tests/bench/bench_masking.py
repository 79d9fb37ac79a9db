"""Masking 1 MB with 20 known secrets, whole and as a stream, as ratios to one regular expression of the same forms."""

from __future__ import annotations

import json
import random
import re
import statistics
import string
import sys
import time
from collections.abc import Callable

from auto_deployer.masking import SecretRegistry, mask_model
from auto_deployer.masking.forms import forms
from auto_deployer.model.log import CommandRecord

MEGABYTE = 1_000_000
CHUNK = 65_536
SECRETS = 20
REPEATS = 15


def milliseconds(work: Callable[[], object]) -> float:
    """Median time of one call."""
    times: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    rng = random.Random(1)
    line = b"npm http fetch GET 200 https://registry.example.com/some-package 37ms (cache miss) src/components/Item.tsx\n"
    output = (line * (MEGABYTE // len(line) + 1))[:MEGABYTE]
    secrets = SecretRegistry()
    values = ["".join(rng.choices(string.ascii_letters + string.digits + "/+!$%", k=rng.randint(8, 40))) for _ in range(SECRETS)]
    for value in values:
        secrets.add(value)
    literals = sorted({form for value in values for form in forms(value)}, key=len, reverse=True)
    alternation = re.compile(b"|".join(map(re.escape, literals)))
    record = CommandRecord(command="npm ci", success=True, exit_code=0, stdout=output[:1000].decode(), cwd="/srv/app/releases/1")

    def stream() -> None:
        masker = secrets.stream()
        for at in range(0, len(output), CHUNK):
            masker.feed(output[at : at + CHUNK])
        masker.flush()

    regex_ms = milliseconds(lambda: alternation.sub(b"***", output))
    whole_ms = milliseconds(lambda: secrets.mask_bytes(output))
    stream_ms = milliseconds(stream)
    figures = {
        "one_regex_1mb_ms": regex_ms,
        "mask_1mb_ms": whole_ms,
        "mask_1mb_ratio": whole_ms / regex_ms,
        "stream_1mb_ms": stream_ms,
        "stream_1mb_ratio": stream_ms / regex_ms,
        "command_record_us": milliseconds(lambda: [mask_model(record, secrets.mask) for _ in range(100)]) * 10,
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
