"""Every service that keeps rows of hotels is told when one is purged, and waited for."""

import re
from pathlib import Path

from contracts.holders import HOTEL_HOLDERS

SERVICES = Path(__file__).resolve().parents[2] / "services"


def keeps_rows_of_hotels(service: Path) -> bool:
    """Whether a migration of the service makes a table with a hotel in it."""
    found = (service / "migrations" / "versions").glob("*.py")
    return any(re.search(r"\btenant_table\(|\bhotel_id uuid\b", one.read_text(encoding="utf-8")) for one in found)


def test_every_service_with_rows_of_hotels_is_listed_in_contracts() -> None:
    keeping = {service.name for service in SERVICES.iterdir() if keeps_rows_of_hotels(service)}
    assert len(keeping) >= 3
    assert keeping == set(HOTEL_HOLDERS), "list it in contracts.holders, or a purged hotel lives on in it"
