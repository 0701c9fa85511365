"""Which passwords an account may have."""

import pytest

from identity.domain import passwords


def test_a_passphrase_is_accepted_as_it_is() -> None:
    assert passwords.check("three old kettles sing", "anna@lindenhof.example") == "three old kettles sing"


@pytest.mark.parametrize(
    "password",
    [
        "short one",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "Password12345!",
        "1234567890123",
        "anna@lindenhof.example",
        "Lindenhof.example2026",
        "x" * 64 + "abcde" * 20,
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password, "anna@lindenhof.example")


def test_the_same_password_typed_on_another_keyboard_is_the_same_password() -> None:
    decomposed, composed = "gru\u0308ne Wiesen 42", "gr\u00fcne Wiesen 42"
    assert passwords.check(decomposed, "a@b.example") == passwords.check(composed, "a@b.example")


def test_the_reason_never_repeats_the_password() -> None:
    with pytest.raises(passwords.WeakPassword) as refused:
        passwords.check("secret99", "a@b.example")
    assert "secret99" not in refused.value.detail
