"""Times of day and prices that a sentence names, whatever way it writes them. Pure; for comparing what articles say."""

import re
from decimal import Decimal

_MERIDIEM = r"(?P<half>[ap])\.?m\b\.?"
_HOURS = r"(?:uhr|heures?|horas?|ore|uur|o'clock)\b"
# 11:00, 14h30, 7:30 pm; 11.00 only beside a word that says it is a time: 11.50 alone is a price or a date.
_CLOCK = re.compile(
    rf"(?<![\d.,:])(?P<hour>[01]?\d|2[0-4])(?:[:h](?P<minute>[0-5]\d)(?!\d)(?:\s*{_MERIDIEM})?"
    rf"|\.(?P<dotted>[0-5]\d)\s*(?:{_MERIDIEM.replace('half', 'dotted_half')}|{_HOURS})"
    rf"|\s*(?:{_MERIDIEM.replace('half', 'bare_half')}|{_HOURS}|h\b))"
)
# "from 7 to 10", "7-10 am": the hours before a time, or where nothing follows that they could count.
_TO = r"(?:\s*[-\u2013]\s*|\s+(?:to|until|till|and|bis|und|a|alle|e|y|et|tot|en|ate)\s+)"
_NUMBER = r"(?:[01]?\d|2[0-4])(?::[0-5]\d)?"
_BEFORE_A_TIME = re.compile(
    rf"(?<![\d.,:])(?P<first>[01]?\d|2[0-4]){_TO}(?={_NUMBER}\s*(?:(?P<half>[ap])\.?m\b|{_HOURS}))"
)
_BARE_RANGE = re.compile(
    r"\b(?:from|between|von|zwischen|de|entre|da|dalle|tra|van|tussen|das)\s+"
    rf"(?P<first>{_NUMBER}){_TO}(?P<last>{_NUMBER})"
    r"(?=\s*(?:$|[.,;!)]|(?:in|on|at|every|daily|and|but|im|am|an|taglich|jeden|und)\b))"
)
_WORDS_OF_TIME = {"noon": 720, "midday": 720, "midnight": 0, "mittags": 720, "mitternacht": 0, "midi": 720, "minuit": 0}
_WORD_OF_TIME = re.compile(rf"\b({'|'.join(_WORDS_OF_TIME)})\b")

_CURRENCY = r"(?:€|eur\b|euros?\b|\$|usd\b|dollars?\b|£|gbp\b|pounds?\b|chf\b|francs?\b|franken\b)"
_AMOUNT = r"(?P<{name}>\d+(?:[.,]\d{{2}}(?!\d))?)"
_PRICE = re.compile(
    rf"{_CURRENCY}\s*{_AMOUNT.format(name='after')}|(?<![\d.,:]){_AMOUNT.format(name='before')}\s*{_CURRENCY}"
)
_FREE = re.compile(
    r"(?<!feel )(?<!-)\bfree\b(?! (?:to|rooms?|places?|seats?))(?: of charge)?"
    r"|\b(?:complimentary|kostenlos\w*|kostenfrei\w*|gratis|gratuite?s?|gratuit[oai]s?)\b"
)


def times(text: str) -> frozenset[int]:
    """The times of day in a normalised text, minutes after midnight."""
    found = {_WORDS_OF_TIME[word] for word in _WORD_OF_TIME.findall(text)}
    for match in _CLOCK.finditer(text):
        half = match["half"] or match["dotted_half"] or match["bare_half"]
        found.add(_minutes(match["hour"], match["minute"] or match["dotted"], half))
    for match in _BEFORE_A_TIME.finditer(text):
        found.add(_minutes(match["first"], None, match["half"]))
    for match in _BARE_RANGE.finditer(text):
        for one in (match["first"], match["last"]):
            hour, _, minute = one.partition(":")
            found.add(_minutes(hour, minute or None, None))
    return frozenset(found)


def prices(text: str) -> frozenset[Decimal]:
    """The amounts of money in a normalised text; what is free costs nothing."""
    found = {Decimal((match["after"] or match["before"]).replace(",", ".")) for match in _PRICE.finditer(text)}
    return frozenset(found | {Decimal(0)} if _FREE.search(text) else found)


def without_figures(text: str) -> str:
    """A normalised text without its times, prices and numbers: what it is about."""
    for pattern in (_PRICE, _FREE, _CLOCK, _WORD_OF_TIME):
        text = pattern.sub(" ", text)
    return re.sub(r"\d+", " ", text)


def _minutes(hour: str, minute: str | None, half: str | None) -> int:
    hours = int(hour)
    if half is not None and hours <= 12:
        hours = hours % 12 + (12 if half == "p" else 0)
    return (hours * 60 + int(minute or 0)) % (24 * 60)
