"""What the OpenAPI document calls a number is one."""

from identity.app import service
from servicekit.testing.numbers import loose_numbers


def test_a_command_takes_nothing_but_numbers_for_numbers() -> None:
    assert service.name == "identity"
    assert loose_numbers() == []
