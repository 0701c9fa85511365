"""Which passwords are good enough. Length counts, composition rules do not (NIST SP 800-63B rev. 4, 3.1.1.2). Pure.

Nobody guesses by trying every character: words and names are tried first, with digits and signs around them and in place
of letters. So a password must be something else than a common one in such clothes, and something else than what the
account, its hotel or its address are called.
"""

import re
import unicodedata
from collections.abc import Collection
from importlib.resources import files

from contracts.errors import Invalid

MIN_LENGTH = 12
"""Characters. Between the 8 of OWASP ASVS for accounts with a second factor and the 15 without."""

MAX_LENGTH = 128
"""Characters. Long enough for any passphrase; bounds the work of hashing."""

MIN_DISTINCT = 5
"""Different characters: `aaaaaaaaaaaa` and `abababababab` are long, and guessed first."""

MIN_OWN = 4
"""Letters that a password must have besides the words that everybody connects with the account."""

_FILLERS = "0123456789!?.-_*#$@ "
_SAID_OTHERWISE = str.maketrans("@4301$57!", "aaeoissti")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
)
_COMMON = frozenset(
    line
    for line in files("identity.domain").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    if not line.startswith("//")
)


class WeakPassword(Invalid):
    """The password would be guessed too soon."""

    slug, title = "weak-password", "Choose a stronger password"


def normalise(password: str) -> str:
    """NFKC form, so that the same keys typed on another keyboard or system are the same password (RFC 8265, 4)."""
    return unicodedata.normalize("NFKC", password)


def check(password: str, email: str, context: Collection[str] = ()) -> str:
    """The normalised password, when it is good enough for the account of `email`.

    Args:
        password: as it was typed.
        email: the account's address.
        context: what else the account is connected with: names of the person and of their hotels.

    Raises:
        WeakPassword: too short, too long, too uniform, a common one, or made of the account's own words.
    """
    chosen = normalise(password)
    if len(chosen) < MIN_LENGTH:
        raise WeakPassword(f"use at least {MIN_LENGTH} characters", pointer="/password")
    if len(chosen) > MAX_LENGTH:
        raise WeakPassword(f"use at most {MAX_LENGTH} characters", pointer="/password")
    folded = chosen.casefold()
    if len(set(folded)) < MIN_DISTINCT:
        raise WeakPassword(f"use at least {MIN_DISTINCT} different characters", pointer="/password")
    if _is_common(folded):
        raise WeakPassword("this is one of the passwords that are tried first", pointer="/password")
    if _is_the_accounts_own(folded, _words((email, *context))):
        raise WeakPassword("use other words than names, the hotel's and the e-mail address", pointer="/password")
    return chosen


def _is_common(folded: str) -> bool:
    """Whether it is a common password with digits and signs around it or in place of letters, or one several times."""
    cores = {folded, folded.strip(_FILLERS), folded.translate(_SAID_OTHERWISE).strip(_FILLERS)}
    cores |= {folded.strip(_FILLERS).translate(_SAID_OTHERWISE)}
    repeated = {_once(core) for core in cores}
    return not _COMMON.isdisjoint(cores | repeated) or any(map(_is_a_run, cores))


def _once(core: str) -> str:
    """The part that the whole repeats; the whole, if it repeats nothing."""
    return core[: (core + core).find(core, 1)]


def _is_a_run(core: str) -> bool:
    """Whether it goes along the alphabet or a keyboard's rows, either way; nothing at all does, too."""
    return any(core in run for row in _ROWS for run in (row * 2, row[::-1] * 2))


def _words(context: Collection[str]) -> list[str]:
    """Words of three letters or more, the longest first."""
    found = {word for text in context for word in re.split(r"[\W_\d]+", normalise(text).casefold()) if len(word) > 2}
    return sorted(found, key=lambda word: (-len(word), word))


def _is_the_accounts_own(folded: str, words: list[str]) -> bool:
    rest = folded
    for word in words:
        rest = rest.replace(word, " ")
    return rest != folded and sum(character.isalpha() for character in rest) < MIN_OWN
