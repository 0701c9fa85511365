"""Which passwords are good enough. Length counts, composition rules do not (NIST SP 800-63B rev. 4, 3.1.1.2). Pure."""

import unicodedata

from contracts.errors import Invalid

MIN_LENGTH = 12
"""Characters. Between the 8 of OWASP ASVS for accounts with a second factor and the 15 without."""

MAX_LENGTH = 128
"""Characters. Long enough for any passphrase; bounds the work of hashing."""

MIN_DISTINCT = 5
"""Different characters: `aaaaaaaaaaaa` and `abababababab` are long, and guessed first."""

_COMMON = (
    "password",
    "passwort",
    "letmein",
    "welcome",
    "qwertyuiop",
    "qwertzuiop",
    "iloveyou",
    "administrator",
    "changeme",
)
_FILLERS = "0123456789!?.-_*#$@ "


class WeakPassword(Invalid):
    """The password would be guessed too soon."""

    slug, title = "weak-password", "Choose a stronger password"


def normalise(password: str) -> str:
    """NFKC form, so that the same keys typed on another keyboard or system are the same password (RFC 8265, 4)."""
    return unicodedata.normalize("NFKC", password)


def check(password: str, email: str) -> str:
    """The normalised password, when it is good enough for the account of `email`.

    Raises:
        WeakPassword: too short, too long, too uniform, a common one, or the account's own address.
    """
    chosen = normalise(password)
    if len(chosen) < MIN_LENGTH:
        raise WeakPassword(f"use at least {MIN_LENGTH} characters", pointer="/password")
    if len(chosen) > MAX_LENGTH:
        raise WeakPassword(f"use at most {MAX_LENGTH} characters", pointer="/password")
    folded = chosen.casefold()
    if len(set(folded)) < MIN_DISTINCT:
        raise WeakPassword(f"use at least {MIN_DISTINCT} different characters", pointer="/password")
    core = folded.strip(_FILLERS)
    if not core or core in _COMMON or folded in _COMMON:
        raise WeakPassword("this is one of the passwords that are tried first", pointer="/password")
    if _is_the_address(folded, email.casefold()):
        raise WeakPassword("the password must not be the e-mail address", pointer="/password")
    return chosen


def _is_the_address(password: str, email: str) -> bool:
    local, _, domain = email.partition("@")
    return password.strip(_FILLERS) in {email, local, domain, local.replace(".", "")}
