"""Which services hold hotels' data: each deletes its rows of a hotel that is purged, and says so by `hotel.forgotten`."""

HOTEL_HOLDERS: tuple[str, ...] = ("identity", "conversation", "escalation")
"""A service with tables of its own is listed here, or a purged hotel lives on in it; a test compares with the services."""
