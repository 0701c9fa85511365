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
        "P@ssw0rd!2026",
        "Monkey.123456",
        "DragonDragon12",
        "\uff50assword\uff11\uff12\uff13\uff14\uff15",  # full-width: the same keys
        "1q2w3e4r5t6y",
        "qwertyuiopasdf",
        "zyxwvutsrqpo99",
        "anna_Lindenhof_1",
        "$unshine22222222",
        "a1b2c3d4e!!!!",
        "dr@gon2026!!!",
        "8207 3619-4450?",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword) as refused:
        passwords.check(password, "anna@lindenhof.example")
    assert refused.value.pointer == "/password"


def test_the_same_password_typed_on_another_keyboard_is_the_same_password() -> None:
    decomposed, composed = "gru\u0308ne Wiesen 42", "gr\u00fcne Wiesen 42"
    assert passwords.check(decomposed, "a@b.example") == passwords.check(composed, "a@b.example")


def test_the_reason_never_repeats_the_password() -> None:
    with pytest.raises(passwords.WeakPassword) as refused:
        passwords.check("secret99", "a@b.example")
    assert "secret99" not in refused.value.detail


@pytest.mark.parametrize("password", ["Seeblick-2026-!", "hotel seeblick", "AnnaAhorn12345", "SEEBLICK4you!"])
def test_names_of_the_person_and_of_the_hotel_are_guessed_first(password: str) -> None:
    passwords.check(password, "a@b.example")
    with pytest.raises(passwords.WeakPassword):
        passwords.check(password, "a@b.example", ("Hotel Seeblick", "Anna Ahorn"))


@pytest.mark.parametrize("password", ["kqzvwkvqzkwv", "kqzvw" + "zqwvkvkqwz" * 12 + "qvw", "seeblick-2741-abcd"])
def test_just_long_short_various_or_own_enough_is_enough(password: str) -> None:
    passwords.check(password, "a@b.example", ("Hotel Seeblick",))


def test_a_hundred_and_twenty_nine_characters_are_too_many() -> None:
    with pytest.raises(passwords.WeakPassword, match="128"):
        passwords.check("kqzvw" + "zqwvkvkqwz" * 12 + "qvwk", "a@b.example")


def test_words_of_three_letters_count_and_of_two_do_not() -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check("SeaInn-274-9513", "a@b.example", ("Sea Inn",))
    passwords.check("hu-bo-274-9513!", "a@b.example", ("Hu Bo",))


def test_a_name_within_another_does_not_hide_it() -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.check("seeblick-2741-95", "a@b.example", ("See", "Seeblick"))


def test_a_passphrase_may_name_the_hotel_among_other_things() -> None:
    assert passwords.check("seven herons at the Seeblick", "a@b.example", ("Hotel Seeblick",))


@pytest.mark.parametrize(
    "odd",
    [
        "\u0130stanbul \u00df Stra\u00dfe 7",
        "\u5317\u4eac\u5929\u5b89\u9580\u5ee3\u5834\u4e0a\u7684\u9d3f\u5b50\u98db",
        "\u00b2\u00b3 drei Enten \u00bd",
    ],
)
def test_every_script_makes_a_password_and_checking_it_again_changes_nothing(odd: str) -> None:
    chosen = passwords.check(odd, "a@b.example")
    assert passwords.check(chosen, "a@b.example") == chosen
