"""What the OpenAPI document calls a number is one."""

from escalation.app import service
from servicekit.testing.numbers import loose_numbers


def test_a_command_takes_nothing_but_numbers_for_numbers() -> None:
    assert service.name == "escalation"
    assert loose_numbers() == []
