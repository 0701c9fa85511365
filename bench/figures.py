"""What a service's /metrics says, added up over labels: how many records a consumer has handled, for instance."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.stackside import Bench


async def total(bench: Bench, service: str, name: str, **labels: str) -> float:
    """The sum of the samples `name` that carry these labels, over the service's processes."""
    added = 0.0
    async with httpx.AsyncClient(timeout=5) as client:
        for port_name in (f"{service} metrics", f"{service}-worker metrics"):
            port = bench.state.known_port(port_name)
            if port is None:
                continue
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/metrics")
            except httpx.TransportError:
                continue  # a process that does not run in this stack
            for family in text_string_to_metric_families(answer.text):
                for sample in family.samples:
                    if sample.name == name and labels.items() <= sample.labels.items():
                        added += sample.value
    return added
