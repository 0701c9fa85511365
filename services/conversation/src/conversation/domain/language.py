"""Which language a short guest text is in. Pure, some microseconds; unsure means the conversation's language.

Evidence is added up per language: known words (a word that several languages share counts little), letters that
only some languages have, and word endings. The lists are in `words.py`. The script decides Arabic and Chinese.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from conversation.domain.text import words
from conversation.domain.words import FUNCTION_WORDS, HOTEL_WORDS, Language

_LATIN = tuple(language for language in Language if language not in (Language.AR, Language.ZH))
_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")

# (pattern on the lower-case text with its accents, weight, languages)
_LETTERS: tuple[tuple[re.Pattern[str], float, tuple[Language, ...]], ...] = (
    (re.compile(r"ß"), 3.0, (Language.DE,)),
    (re.compile(r"[äöü]"), 1.5, (Language.DE,)),
    (re.compile(r"[ñ¿¡]"), 3.0, (Language.ES,)),
    (re.compile(r"[ãõ]"), 3.0, (Language.PT,)),
    (re.compile(r"\bà\b"), 1.0, (Language.FR, Language.IT, Language.PT)),
    (re.compile(r"[éè]"), 0.5, (Language.FR,)),
    (re.compile(r"\bhá\b"), 2.0, (Language.PT,)),
    (re.compile(r"ç"), 1.0, (Language.FR, Language.PT)),
    (re.compile(r"[êœëîûâ]"), 1.0, (Language.FR,)),
    (re.compile(r"\b(?:qu|l|d|j|c|n|s|m|t)['’](?=[a-zàâéèêîôù])"), 1.0, (Language.FR,)),
    (re.compile(r"\b(?:dell|all|nell|dall|sull|un|c)['’](?=[aeiouèàh])"), 1.5, (Language.IT,)),
    (re.compile(r"[ìò]|\bè\b"), 2.0, (Language.IT,)),
    (re.compile(r"[áíóú]"), 0.7, (Language.ES, Language.PT)),
    (
        re.compile(r"\b(?:don|can|isn|aren|doesn|won|didn|wasn)['’]?t\b|\b(?:i|we|you|they)['’](?:m|ve|d|ll|re)\b"),
        2.0,
        (Language.EN,),
    ),
)
_ENDINGS: tuple[tuple[str, float, tuple[Language, ...]], ...] = (
    ("ung", 0.8, (Language.DE,)), ("keit", 1.0, (Language.DE,)), ("heit", 1.0, (Language.DE,)), ("lich", 1.0, (Language.DE,)),
    ("platz", 1.0, (Language.DE,)), ("zeit", 1.0, (Language.DE,)), ("zeiten", 1.0, (Language.DE,)), ("isch", 1.0, (Language.DE,)),
    ("ing", 0.6, (Language.EN,)), ("ness", 0.8, (Language.EN,)), ("ly", 0.6, (Language.EN,)), ("ght", 0.8, (Language.EN,)),
    ("cion", 1.2, (Language.ES,)), ("ciones", 1.2, (Language.ES,)), ("dad", 0.8, (Language.ES,)), ("miento", 1.0, (Language.ES,)),
    ("zione", 1.2, (Language.IT,)), ("zioni", 1.2, (Language.IT,)), ("gli", 0.6, (Language.IT,)), ("etto", 0.6, (Language.IT,)),
    ("cao", 1.0, (Language.PT,)), ("coes", 1.0, (Language.PT,)), ("dade", 1.0, (Language.PT,)), ("agem", 0.8, (Language.PT,)),
    ("eaux", 1.2, (Language.FR,)), ("oire", 0.8, (Language.FR,)), ("ement", 0.5, (Language.FR,)), ("eurs", 0.8, (Language.FR,)),
    ("ijk", 1.2, (Language.NL,)), ("heid", 1.2, (Language.NL,)), ("aat", 0.6, (Language.NL,)), ("oen", 0.8, (Language.NL,)),
)  # fmt: skip
_MINIMUM = 0.9
_LEAD = 0.35


@dataclass(frozen=True, slots=True)
class Detected:
    """A language and whether the text itself said so (False: it is the fallback)."""

    language: Language
    sure: bool


def detect(text: str, fallback: Language = Language.EN) -> Detected:
    """The language of a guest's text, or the fallback when the text is too short or too mixed to tell."""
    letters = len(_LETTER.findall(text))
    if letters:
        if _KANA_OR_HANGUL.search(text):
            return Detected(fallback, sure=False)
        if len(_ARABIC.findall(text)) * 2 > letters:
            return Detected(Language.AR, sure=True)
        if len(_CHINESE.findall(text)) * 2 > letters:
            return Detected(Language.ZH, sure=True)
    scores = _scores(text)
    (best, score), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if score < _MINIMUM or score - second < _LEAD * min(score, 2.0):
        near = scores.get(fallback, 0.0)
        return Detected(fallback if near >= score - 1.0 else best, sure=False)
    return Detected(best, sure=True)


def language_of(tag: str, default: Language = Language.EN) -> Language:
    """The language of a BCP 47 tag (`pt-BR` is Portuguese), or the default where we don't answer in it."""
    try:
        return Language(tag.split("-")[0].lower())
    except ValueError:
        return default


def _scores(text: str) -> dict[Language, float]:
    scores = dict.fromkeys(_LATIN, 0.0)
    lower = text.lower()
    for pattern, weight, languages in _LETTERS:
        if pattern.search(lower):
            for language in languages:
                scores[language] += weight
    for word in words(text):
        known = _known(word)
        for language, weight in known:
            scores[language] += weight
        if not known and len(word) > 4:
            for ending, weight, languages in _ENDINGS:
                if word.endswith(ending):
                    for language in languages:
                        scores[language] += weight
    return scores


@lru_cache(maxsize=8192)
def _known(word: str) -> tuple[tuple[Language, float], ...]:
    function = [language for language in _LATIN if word in FUNCTION_WORDS[language]]
    hotel = [language for language in _LATIN if word in HOTEL_WORDS[language] and language not in function]
    owners = len(function) + len(hotel)
    short = 0.6 if len(word) < 3 else 1.0
    return tuple(
        [(language, short / owners) for language in function] + [(language, 1.3 / owners) for language in hotel]
    )
