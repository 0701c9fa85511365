"""Which questions a turn holds: guests ask two things in one breath, and follow up in half sentences. Pure."""

import re

from conversation.domain.text import content_words, normalise, sentences

AT_MOST = 3
"""Questions of one turn that are answered one by one; a longer list is read as a whole."""
_ASKS = ("?", "？", "؟")
_FOLLOW_UP = re.compile(
    r"^(?:and|what about|how about|or|so|also|but|und|oder|wie sieht es|wie ist es|auch|aber|et|ou|aussi|mais|y|o|tambien|pero"
    r"|e|anche|oppure|en|of|ook|maar|tambem|mas)\b"
)
_POINTS_BACK = re.compile(
    r"\b(?:it|they|them|that one|those|these|too|as well|auch|dort|dafur|davon|dazu|ebenfalls|aussi|la-bas|en|ca|c'est"
    r"|tambien|eso|alli|anche|ook|daar|tambem)\b|(?<!\bis )(?<!\bare )\bthere\b"
    r"|\b(?:die|das|der|es|sie)(?: (?:auf|offen|geoffnet|zu|denn|noch))?\W*$"
)
_ASKING = (
    r"do|does|did|is|are|can|could|may|when|what|where|how|which|who|will|would"
    r"|wann|wo|wie|was|welche\w*|wer|gibt|kann|konnen|darf|durfen|haben|hat|ist|sind|muss"
    r"|ou|quand|combien|comment|quel(?:le)?s?|est-ce|peut-on|puis-je|pouvons-nous|avez-vous|y a-t-il"
    r"|cuando|cuanto|como|donde|que|hay|puedo|podemos|tienen|se puede|a que|cual"
    r"|quando|quanto|dove|c'e|posso|possiamo|avete|wanneer|waar|hoe|wat|kan|mag|is er|zijn|onde|posso|tem"
)
_ASKS_AT_ONCE = re.compile(rf"(?:{_ASKING})\b")
_CLAUSE = re.compile(r"[,;:]\s+")
_THERE_IS = (
    r"do you have|have you got|is there|are there|gibt es|gibts|haben sie|habt ihr|avez-vous|vous avez|y a-t-il|il y a|hay|tienen|teneis"
    r"|c'e|avete|is er|hebben jullie|heeft u|voce tem|tem"
)
_IS_THERE = re.compile(rf"^(?:\w+ )?(?:{_THERE_IS})\b")
_BOTH = re.compile(
    rf"(?P<lead>(?:{_THERE_IS})(?: also)?) (?P<first>[^,?]{{3,40}}?) (?:and|und|et|y|e|en) (?!(?:{_ASKING})\b)(?P<second>[^,?]{{3,40}}?) ?\?*$"
)
_OPENS = re.compile(
    rf"(?:[^?]*[,;:.!] )?(?:(?:hi|hello|hallo|bonjour|hola|guten tag|please|bitte|a|ab|bis|seit|until|at|from|in) )*(?:{_ASKING})\b"
)
_SECOND = re.compile(
    rf"[,;.]? +(?:and|und|et|y|e|en)(?: (?:also|auch|aussi|tambien|anche|ook|then|dann))?,? +(?=(?:{_ASKING})\b)"
)


def questions(text: str) -> tuple[str, ...]:
    """The separate questions of a turn, or the whole text where there is one or none.

    A sentence that is no question ("I'm a coeliac.") belongs to the question after it. "When is breakfast and do you have
    parking?" is two.
    """
    parts = [part for line in text.splitlines() for sentence in sentences(line) for part in _halves(sentence)]
    asked: list[str] = []
    before: list[str] = []
    for part in parts:
        before.append(part)
        if part.rstrip().endswith(_ASKS) and content_words(part):
            asked.append(" ".join(before))
            before = []
    if len(asked) < 2 or len(asked) > AT_MOST:
        return (" ".join(parts) or text,)
    if any(content_words(part) for part in before):
        asked[-1] = " ".join([asked[-1], *before])
    return tuple(asked)


def _halves(sentence: str) -> tuple[str, ...]:
    """Two questions joined by "and", each with its question mark; else the sentence as it is."""
    # the normal form only lacks accents here: its places are those of the text, where both have the same length
    normal = normalise(sentence)
    if len(normal) != len(sentence):
        return (sentence,)
    if (both := _BOTH.fullmatch(normal.lstrip("¿¡ "))) is not None and len(content_words(sentence)) > 1:
        return _of_both(sentence[len(normal) - len(normal.lstrip("¿¡ ")) :], both)
    found = _SECOND.search(normal)
    if found is None:
        return (sentence,)
    first, second = sentence[: found.start()], sentence[found.end() :]
    if not content_words(first) or not content_words(second) or not _OPENS.match(normal.lstrip("¿¡ ")):
        return (sentence,)
    return (f"{first.rstrip()}?", second if second.rstrip().endswith(_ASKS) else f"{second.rstrip()}?")


def _of_both(sentence: str, both: re.Match[str]) -> tuple[str, ...]:
    """ "Do you have parking and a gym?" asks for parking, and for a gym. Where one article has both, its answer is given once."""
    first, second = (sentence[both.start(name) : both.end(name)] for name in ("first", "second"))
    if not content_words(first) or not content_words(second):
        return (sentence,)
    lead = sentence[: both.end("lead")]
    return (f"{lead} {first}?", f"{lead} {second}?")


def core(text: str) -> str | None:
    """The part that asks, where the rest only leads up to it ("We are from Graz, is breakfast included?"); None where that would
    say too little, or where more than one asks."""
    parts = [sentence for line in text.splitlines() for sentence in sentences(line)]
    asked = [part for part in parts if part.rstrip().endswith(_ASKS)]
    if len(parts) > 1 and len(asked) == 1 and len(content_words(asked[0])) > 1:
        return asked[0]
    clauses = [clause.strip() for part in parts for clause in _CLAUSE.split(part)]
    opening = [clause for clause in clauses if _ASKS_AT_ONCE.match(normalise(clause).lstrip("¿¡ "))]
    return opening[0] if len(clauses) > 1 and len(opening) == 1 and content_words(opening[0]) else None


def follow_up(text: str) -> bool:
    """Whether a text may lean on what was said before: "Sundays?", "And on Sundays?", "How much is it?"."""
    return len(content_words(text)) <= 1 or leans(text)


def leans(text: str) -> bool:
    """Whether it says that it does: it begins with "and", or points back ("are towels there too?")."""
    normal = normalise(text).lstrip("¿¡ ")
    if _IS_THERE.search(normal):
        return False  # "And is there a gym?" is a question of its own
    return len(content_words(text)) <= 3 and bool(_FOLLOW_UP.match(normal) or _POINTS_BACK.search(normal))
