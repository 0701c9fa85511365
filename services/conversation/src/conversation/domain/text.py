"""Plain text tools that ranking, intents and the writer share: normal form, words, sentences, n-grams. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from conversation.domain.words import FUNCTION_WORDS

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SPACE = re.compile(r"\s+")
# A sentence ends at . ! ? … (or their CJK and Arabic forms) before a space and something that opens a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？؟])[\"'»”)]*\s+(?=[\"'«“(¿¡]*[^\W_a-z])|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"\b(?:(?<!\.)[a-z]|e\.g|i\.e|p\.ex|ca|approx|incl|inkl|bzw|mr|mrs|dr|st|nr|str|tel)\.$",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")

_INTERJECTIONS = frozenset(
    [
        "hm",
        "hmm",
        "oh",
        "ah",
        "uh",
        "um",
        "eh",
        "ok",
        "okay",
        "really",
        "sorry",
        "ups",
        "oops",
        "na",
        "ja",
        "ach",
        "tja",
        "euh",
        "bah",
    ]
)
STOP_WORDS: frozenset[str] = _INTERJECTIONS.union(*FUNCTION_WORDS.values())


@lru_cache(maxsize=16384)
def normalise(text: str) -> str:
    """Case-folded, without accents, one space between words: `"Frühstück?"` becomes `"fruhstuck?"`."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return _SPACE.sub(" ", "".join(c for c in folded if not unicodedata.combining(c))).strip()


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """The normalised words in order; a run of CJK characters gives each character as a word."""
    found: list[str] = []
    for word in _WORD.findall(normalise(text)):
        if _CJK.search(word):
            found.extend(word)
        else:
            found.extend(word.split("'"))
    return tuple(found)


def content_words(text: str) -> tuple[str, ...]:
    """Words that are no function word of any language, in order."""
    return tuple(word for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or _CJK.match(word)))


def stem(word: str) -> str:
    """A word's rough stem, good for comparing: `parking` and `parked` share `park`. Works for Latin scripts alike."""
    for ending in ("ings", "ing", "ern", "en", "es", "ed", "er", "em", "s", "e", "n"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, whitespace folded; abbreviations and times such as `7 a.m.` don't end one."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n(?=[-*•] )", text.strip()):
        pieces = _SENTENCE_END.split(_SPACE.sub(" ", paragraph).strip())
        for piece in pieces:
            if found and _ABBREVIATION.search(found[-1][-12:]) and pieces[0] is not piece:
                found[-1] = f"{found[-1]} {piece}"
            elif piece:
                found.append(piece)
    return tuple(found)


def stems(parts: Iterable[str]) -> frozenset[str]:
    """The stems of the content words of several texts."""
    return frozenset(stem(word) for part in parts for word in content_words(part))
