"""What a question asks, without what only leads up to it: hesitation, politeness, the hotel's own name. Pure.

Spoken questions are half made of it ("okay great uh do you happen to know if they have, um, ..."), and a short text's
vector is pulled towards whatever fills it.
"""

import re
from functools import lru_cache

from conversation.domain.text import content_words

AT_MOST = 12
"""Content words of a question that are compared one by one; a longer text is a story, and its first words tell."""
_PLACE_WORDS = frozenset(["hotel", "hotels", "house", "guest", "guests", "inn", "place", "restaurant"])
_FILLERS = (
    # hesitation, in any language
    r"u+h+|u+m+|e+h+|a+h+m*|ä+h+m*|h+m+|m+h+m+|o+h+|euh|eh+m",
    # English
    r"ok(?:ay)?|yeah|yes|yep|great|perfect|cool|awesome|al+right|got it|well|so|and|but|also|actually|just|please|thanks?(?: you)?",
    r"(?:that|it)(?:'?s| is)? ?(?:sounds? )?(?:good|great|fine|interesting|perfect)|sounds (?:good|great|interesting|perfect)",
    r"(?:can|could) you (?:also )?(?:please )?(?:tell me|check|find out)(?: if| whether)?|do you (?:happen to )?know(?: if| whether)?",
    r"i(?:'d like| would like| want(?:ed)?) to (?:know|ask)(?: if| whether)?|i was wondering(?: if| whether)?|i wonder(?: if| whether)?",
    # German
    r"bitte|danke(?: schön)?|also|super|prima|ja|gut|und|aber|können sie mir (?:bitte )?sagen(?:, ob)?|wissen sie(?:, ob)?",
    r"ich (?:wollte|möchte) (?:gerne? )?(?:fragen|wissen)(?:, ob)?|ich würde gerne? wissen(?:, ob)?",
    # French
    r"s'il (?:vous|te) pla[iî]t|merci|alors|donc|oui|d'accord|très bien|pouvez-vous me dire(?: si)?|savez-vous si|je voudrais savoir(?: si)?",
    # Spanish, Italian, Portuguese, Dutch
    r"por favor|gracias|bueno|vale|sí|(?:me )?puede(?:n)? decir(?:me)? si|sabe(?:n)? si|quería saber si|quisiera saber si",
    r"per favore|grazie|allora|potete dirmi se|sapete se|volevo sapere se",
    r"obrigad[oa]|então|poderia me dizer se|sabe(?:m)? se|gostaria de saber se",
    r"alstublieft|alsjeblieft|bedankt|dank u|weet u of|kunt u mij zeggen of|ik vroeg me af of",
)
_FILLER = re.compile(rf"(?<![\w'’])(?:{'|'.join(_FILLERS)})(?![\w'’])[,.]?", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def essence(question: str, hotel_name: str = "") -> str:
    """The question without fillers and the hotel's name; as it was, where no content word would be left."""
    text = re.sub(re.escape(hotel_name), " ", question, flags=re.IGNORECASE) if hotel_name else question
    text = _SPACE.sub(" ", _FILLER.sub(" ", text)).strip(" ,.!")
    return text if content_words(text) else question


def asked_words(question: str, hotel_name: str = "") -> tuple[str, ...]:
    """The content words of a question, each once, without those that only name the place."""
    names = _PLACE_WORDS | set(content_words(hotel_name))
    words = dict.fromkeys(word for word in content_words(essence(question, hotel_name)) if word not in names)
    return tuple(words)[:AT_MOST]
