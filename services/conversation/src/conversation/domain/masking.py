"""Secrets that guests type in clear are masked before a text is stored, logged or sent anywhere. Pure.

What is masked: payment card numbers (13-19 digits, Luhn, a real issuer range), the security code beside them,
IBANs (ISO 13616 checksum), passwords and API keys. What stays: phone numbers, dates, booking references.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Secret(StrEnum):
    """The kinds of secrets that are recognised."""

    CARD = "card"
    SECURITY_CODE = "security_code"
    IBAN = "iban"
    PASSWORD = "password"  # noqa: S105 - the name of a kind, not a password
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its secrets, and the kinds that were found, in the order in which they stood."""

    text: str
    found: tuple[Secret, ...] = ()


def mask(text: str) -> Masked:
    """The text with every recognised secret replaced; masking twice changes nothing more.

    A card or IBAN keeps its last four characters (PCI DSS 3.4.1 allows them), so that staff can tell which one it was.
    """
    cards = list(_cards(text))
    spans = [*cards, *_keys(text), *_ibans(text), *_passwords(text), *_security_codes(text, cards)]
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    out: list[str] = []
    position = 0
    for span in kept:
        out += [text[position : span.start], span.replacement]
        position = span.end
    return Masked("".join([*out, text[position:]]), tuple(span.secret for span in kept))


def without_marks(text: str) -> str:
    """A masked text without what stands in place of the secrets: that says nothing about the question."""
    return _MARK.sub(" ", text)


def luhn(digits: str) -> bool:
    """Whether the digits end in their check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    secret: Secret
    replacement: str


_MARK = re.compile(r"\[(?:card \*{4}\d{4}|IBAN \*{4}\w{4}|security code removed|secret removed)\]")

# --- cards ---------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d+")
_PLUS = re.compile(r"\+[ (]{0,2}\Z")
_BETWEEN_GROUPS = re.compile(r"[\s.\-\u2010-\u2015_·*]{1,3}")
_DATE = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])[ ./\-](?:0?[1-9]|1[0-2])[ ./\-](?:19|20)\d\d"
    r"|(?:19|20)\d\d[ ./\-](?:0?[1-9]|1[0-2])[ ./\-](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([./\-])(?:0?[1-9]|1[0-2])\1\d\d)(?!\d)"
)


def _issuer(digits: str) -> bool:
    """Whether a number starts like a payment card (issuer ranges of the card schemes; airline cards' 1 left out)."""
    return digits[0] in "3456" or "2200" <= digits[:4] <= "2720" or digits[:2] in ("81", "82") or digits[:4] == "9792"


def _cards(text: str) -> Iterator[_Span]:
    dates = [match.span() for match in _DATE.finditer(text)]
    groups = [
        match.span()
        for match in _DIGITS.finditer(text)
        if not any(start <= match.start() < end for start, end in dates)
    ]
    first = 0
    while first < len(groups):
        span = _card_from(text, groups, first)
        if span is None:
            first += 1
            continue
        yield span
        while first < len(groups) and groups[first][0] < span.end:
            first += 1


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> _Span | None:
    """The longest card number that starts with the group `first`; typed without a gap or in groups."""
    start = groups[first][0]
    # After a plus sign stands a phone number, which has 15 digits at most (ITU-T E.164).
    shortest = 16 if _PLUS.search(text, max(0, start - 3), start) else 13
    best: _Span | None = None
    digits = ""
    for position in range(first, len(groups)):
        if position > first and not _BETWEEN_GROUPS.fullmatch(text[groups[position - 1][1] : groups[position][0]]):
            break
        digits += "".join(str(int(digit)) for digit in text[slice(*groups[position])])
        if len(digits) > 19:
            break
        if len(digits) >= shortest and _issuer(digits) and luhn(digits):
            best = _Span(start, groups[position][1], Secret.CARD, f"[card ****{digits[-4:]}]")
    return best


# --- security codes ------------------------------------------------------------------------------

_CODE_WORD = re.compile(
    r"\b(?:cvv2?|cvc2?|cid|csc|security\s+code|card\s+code|pr[uü]f(?:ziffer|nummer|zahl)|sicherheits(?:code|nummer)|kartenpr[uü]fnummer"
    r"|cryptogramme|code\s+de\s+s[eé]curit[eé]|c[oó]digo\s+de\s+seguran?[çcg]?[aiu]?\w*|codice\s+(?:di\s+sicurezza|cvv)"
    r"|beveiligingscode|veiligheidscode)\b[^\d\n]{0,20}?(\d{3,4})(?!\d)",
    re.IGNORECASE,
)
_AFTER_CARD = re.compile(
    r"[\s,;:|/\-]{0,4}(?:exp\w*|valid\w*|g[uü]ltig\w*|bis|until|ablauf\w*)?[\s.,:]{0,3}"
    r"(?P<expiry>(?<!\d)(?:0?[1-9]|1[0-2])\s?[/.\-]\s?(?:20)?\d\d(?!\d))?[\s,;:|/\-]{0,4}(?P<code>(?<!\d)\d{3,4})(?![\d]|\s*(?:€|\$|£|eur|euro|usd|gbp|chf))",
    re.IGNORECASE,
)
_CODE = "[security code removed]"


def _security_codes(text: str, cards: list[_Span]) -> Iterator[_Span]:
    for match in _CODE_WORD.finditer(text):
        yield _Span(*match.span(1), Secret.SECURITY_CODE, _CODE)
    for card in cards:
        match = _AFTER_CARD.match(text, card.end)
        if match and (match["expiry"] or len(match["code"]) == 3):
            yield _Span(*match.span("code"), Secret.SECURITY_CODE, _CODE)


# --- IBAN ----------------------------------------------------------------------------------------

# Lengths from the IBAN registry (SWIFT, ISO 13616), the countries that guests of our hotels pay from.
_IBAN_LENGTH: dict[str, int] = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL", "SD"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "CR", "DE", "GB", "GE", "IE", "ME", "RS"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "OM", "SO", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("LY", "PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM", "BI", "DJ"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU", "YE"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    **dict.fromkeys(("LC",), 32),
    **dict.fromkeys(("RU",), 33),
}
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[ \-]?(?=\d\d)")


def _ibans(text: str) -> Iterator[_Span]:
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTH.get(match[1].upper())
        if length is None:
            continue
        taken, position = "", match.start()
        while position < len(text) and len(taken) < length:
            character = text[position]
            if character.isascii() and character.isalnum():
                taken += character.upper()
            elif character not in " -.\u00a0":
                break
            position += 1
        if len(taken) == length and _iban_checksum(taken) and not text[position : position + 1].isalnum():
            yield _Span(match.start(), position, Secret.IBAN, f"[IBAN ****{taken[-4:]}]")


def _iban_checksum(iban: str) -> bool:
    rearranged = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1


# --- passwords and keys --------------------------------------------------------------------------

_NAMES_IT = (
    r"(?:pass\s?word|pass\s?code|pwd|pass\s?phrase|passwort|kennwort|mot\s+de\s+passe|contrase[nñ]a|parola\s+d.ordine"
    r"|wachtwoord|senha|palavra[\s-]passe|(?:safe|card|my|bank|meine?|mon|mi|mijn)\s+pin|geheimzahl|login\s+pin)"
)
_IS = r"(?:is|was|ist|lautet|war|est|es|era|é|è|e'|são)"
_PASSWORD = re.compile(
    rf"\b{_NAMES_IT}\b[^\n:=.?!]{{0,25}}?(?:\s*[:=]\s*|\s+{_IS}\s*:?\s+)[\"'“„«]?(?P<value>[^\s\"'”“»,;]{{3,}})",
    re.IGNORECASE,
)
_NO_PASSWORD = frozenset(
    # words that follow "my password is" without being one
    [
        "not",
        "wrong",
        "working",
        "incorrect",
        "correct",
        "right",
        "invalid",
        "expired",
        "broken",
        "missing",
        "lost",
        "gone",
        "needed",
        "required",
        "the",
        "what",
        "where",
        "that",
        "this",
        "case",
        "please",
        "still",
        "always",
        "only",
        "changed",
        "too",
        "very",
        "written",
        "printed",
        "nicht",
        "falsch",
        "richtig",
        "abgelaufen",
        "weg",
        "verloren",
        "ungultig",
        "ungültig",
        "notig",
        "nötig",
        "das",
        "der",
        "die",
        "wo",
        "was",
        "wie",
        "pas",
        "faux",
        "correcte",
        "incorrecte",
        "expiré",
        "perdu",
        "le",
        "la",
        "incorrecta",
        "correcta",
        "perdida",
        "la",
        "el",
        "sbagliata",
        "errata",
        "niet",
        "verkeerd",
        "fout",
        "kwijt",
        "errada",
        "incorreta",
        "wifi",
        "room",
        "removed]",
        "[secret",
    ]
)
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9_\-]{16,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bxox[abprs]-[A-Za-z0-9\-]{10,}|\bAIza[\w\-]{30,}"
    r"|\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=bearer )[A-Za-z0-9._\-]{20,}"
)
_NAMED_KEY = re.compile(
    r"\b(?:api|access|secret)[\s_-]?(?:key|token|schl[uü]ssel)\b[^\n:=]{0,15}?(?:\s*[:=]\s*|\s+(?:is|ist|est|es)\s+)[\"']?(?P<value>[^\s\"',;]{8,})",
    re.IGNORECASE,
)


def _passwords(text: str) -> Iterator[_Span]:
    for match in _PASSWORD.finditer(text):
        value = match["value"].rstrip(".!?)")
        if value.casefold() in _NO_PASSWORD or len(value) < 3 or value.startswith("["):
            continue
        yield _Span(match.start("value"), match.start("value") + len(value), Secret.PASSWORD, "[secret removed]")


def _keys(text: str) -> Iterator[_Span]:
    for match in _KEY.finditer(text):
        yield _Span(*match.span(), Secret.KEY, "[secret removed]")
    for match in _NAMED_KEY.finditer(text):
        if not match["value"].startswith("["):
            yield _Span(*match.span("value"), Secret.KEY, "[secret removed]")
