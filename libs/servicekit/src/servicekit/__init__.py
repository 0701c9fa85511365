"""The chassis every service stands on; it knows no hotel business. What services use daily is found right here."""

from servicekit.access import (
    Access,
    AccessKind,
    Admit,
    first_frame,
    guest,
    guest_first_frame,
    may,
    maybe_actor,
    public,
    signed_in,
)
from servicekit.actor import Actor, service_actor
from servicekit.auth import authenticate_websocket, route_permissions
from servicekit.clock import Clock, utc_now
from servicekit.commands import Command, Text
from servicekit.database import Database, Row, TenantRow, Transaction, timestamp
from servicekit.edge import EdgeRoute, HotelTx, PlatformTx, ReadTx, Tx, edge_router, open_transaction
from servicekit.etags import IfMatch, check_version, set_etag
from servicekit.healing import NotYet
from servicekit.hints import Hints
from servicekit.ids import new_id
from servicekit.jobs import DueItem, Jobs, LeaseLost
from servicekit.logging import log
from servicekit.pagination import Page, PageQuery, decode_cursor, encode_cursor
from servicekit.problems import Malformed, TooManyRequests, Unavailable, problems
from servicekit.ratelimit import rate_limit
from servicekit.reactions import Reactions
from servicekit.runtime import Rt, Runtime
from servicekit.service import Service
from servicekit.settings import ServiceSettings

__all__ = [
    "Access",
    "AccessKind",
    "Actor",
    "Admit",
    "Clock",
    "Command",
    "Database",
    "DueItem",
    "EdgeRoute",
    "Hints",
    "HotelTx",
    "IfMatch",
    "Jobs",
    "LeaseLost",
    "Malformed",
    "NotYet",
    "Page",
    "PageQuery",
    "PlatformTx",
    "Reactions",
    "ReadTx",
    "Row",
    "Rt",
    "Runtime",
    "Service",
    "ServiceSettings",
    "TenantRow",
    "Text",
    "TooManyRequests",
    "Transaction",
    "Tx",
    "Unavailable",
    "authenticate_websocket",
    "check_version",
    "decode_cursor",
    "edge_router",
    "encode_cursor",
    "first_frame",
    "guest",
    "guest_first_frame",
    "log",
    "may",
    "maybe_actor",
    "new_id",
    "open_transaction",
    "problems",
    "public",
    "rate_limit",
    "route_permissions",
    "service_actor",
    "set_etag",
    "signed_in",
    "timestamp",
    "utc_now",
]
