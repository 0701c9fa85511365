"""Which service may call which."""

from contracts.permissions import Permission
from identity.domain.clients import granted


def test_the_gateway_may_read_the_hotel_for_the_widgets_opening_view() -> None:
    assert Permission.HOTEL_READ in (granted("gateway", "identity") or ())


def test_no_service_may_write_anywhere_in_its_own_name() -> None:
    for audience in ("identity", "conversation", "escalation"):
        for client in ("gateway", "identity"):
            assert all(scope.endswith(":read") for scope in granted(client, audience) or ())


def test_a_stranger_or_a_strange_audience_gets_nothing() -> None:
    assert granted("mallory", "identity") is None
    assert granted("gateway", "payroll") is None
    assert granted("identity", "identity") is None
