"""Sentences taken apart for comparing what they say: content words, figures, contacts, names, promises, denials. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conversation.domain.figures import prices, times, without_figures
from conversation.domain.text import content_words, normalise, sentences, stem, words

_SAME_BEGINNING = 5
"""Letters: `bookable` and `booking` are the same word enough."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MEASURE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*-?\s*(?:(?P<share>%|percent|prozent|por ?ciento|pour ?cent)"
    r"|(?P<minute>min(?:ut\w*)?\b)|(?P<hour>(?:hours?|stunden?|heures?|horas?|ore|uren|uur)\b)"
    r"|(?P<night>(?:nights?|nacht\w*|nuits?|noches?|notti?|nachten|noites?)\b)"
    r"|(?P<day>(?:days?|tage?n?|jours?|dias?|giorn[oi]|dagen)\b)"
    r"|(?P<km>(?:km|kilomet\w+)\b)|(?P<metre>(?:m|met(?:er|re|ro)s?)\b)|(?P<kilo>(?:kg|kilo\w*)\b)"
    r"|(?P<year>(?:years?|jahre?n?|ans?|anos?|anni|jaar)\b)"
    r"|(?P<EUR>€|eur\b|euros?\b)|(?P<USD>\$|usd\b|dollars?\b)|(?P<GBP>£|gbp\b|pounds?\b)|(?P<CHF>chf\b|francs?\b|franken\b))"
)
_BEFORE_AMOUNT = re.compile(r"(€|\$|£|\b(?:eur|usd|gbp|chf))\s*(\d+(?:[.,]\d+)?)")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_REACHED_BY = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.-]+\.(?:com|net|org|de|at|ch|fr|es|it|io|eu|info|co|nl|pt)\b\S*|\S+@\S+"
)
_NAME = re.compile(r"(?<=[\w,;:)\"'’] )[A-ZÀ-Þ][\w’'-]+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|can't|don't|isn't|aren't|doesn't|won't|nobody|nothing"
    r"|nicht|kein\w*|nie|niemals|ohne|weder|ne|n'|pas|aucune?|jamais|sans|sin|ningun\w*|nunca|tampoco"
    r"|non|nessun\w*|mai|senza|niet|geen|nooit|zonder|nao|nenhum\w*|sem|ni)\b"
)
_CLAUSE = re.compile(
    r"[,;:]\s+|[()]|\s\u2013\s|\s(?:and|but|or|und|aber|oder|et|mais|ou|y|pero|o|e|ma|en|maar|of|mas)\s"
)


def _stems(*lines: str) -> frozenset[str]:
    return frozenset(stem(normalise(word)) for line in lines for word in line.split())


# Words that promise, allow or forbid: an article must have them itself, in whatever form.
PROMISES = _stems(
    "free complimentary included includes inclusive discount refund refundable refunded guarantee guaranteed guarantees always",
    "unlimited upgrade upgraded compensation waive waived available allowed permitted welcome forbidden prohibited closed open",
    "required mandatory optional possible impossible password code cancelled refunded booked reserved changed",
    "kostenlos kostenfrei gratis inklusive inbegriffen rabatt erstattung erstattet garantiert garantie immer unbegrenzt",
    "verfügbar erlaubt gestattet willkommen stornierbar storniert reserviert verboten geschlossen geöffnet möglich passwort",
    "gratuit gratuite compris comprise inclus incluse remise remboursement remboursé garanti toujours illimité disponible autorisé",
    "autorisés admis bienvenus interdit fermé ouvert possible",
    "incluido incluida descuento reembolso garantizado siempre ilimitado permitido permitidos admiten bienvenidos prohibido cerrado",
    "abierto posible contraseña gratuito gratuita compreso incluso sconto rimborso garantito sempre illimitato permesso ammessi",
    "benvenuti vietato chiuso aperto possibile",
)
# What any wording may add: it says nothing of its own.
_OF_NO_WEIGHT = _stems(
    "cost costs price charge offer offered serve served gladly kindly sure find start starts begin begins end ends uhr eur euro",
    "euros clock am pm kosten kostet preis gerne bieten serviert beginnt endet finden coûte coûtent prix volontiers proposons servi",
    "trouverez heures cuesta cuestan precio gustosamente ofrecemos sirve encontrará costa costano prezzo volentieri offriamo",
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence, taken apart."""

    stems: frozenset[str]
    subject: frozenset[str]
    """Content words before the first figure."""
    times: frozenset[int]
    amounts: frozenset[object]
    measures: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    contacts: frozenset[str]
    negated: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of an article as claims are held against it: its clauses, and what else it speaks of."""

    clauses: tuple[Clause, ...]
    around: frozenset[str]
    """Stems of the title, and of the sentence before where a pronoun points back to it."""
    elsewhere: frozenset[str]
    """All stems of the article."""

    @property
    def own(self) -> frozenset[str]:
        """Stems of the sentence itself."""
        return frozenset[str]().union(*(clause.stems for clause in self.clauses))

    @property
    def stems(self) -> frozenset[str]:
        return self.own | self.around


def said_in(article: str) -> Iterator[Said]:
    """The sentences of an article, which is its title, a line break and its body."""
    title, _, body = article.partition("\n")
    about = _taken_apart(title)
    parts = [clauses_of(sentence) for sentence in sentences(body)]
    every = about.stems.union(*(clause.stems for part in parts for clause in part))
    before = frozenset[str]()
    for sentence, part in zip(sentences(body), parts, strict=True):
        points_back = bool(_PRONOUNS & set(words(sentence)))
        yield Said(_inheriting(part), about.stems | (before if points_back else frozenset()), every)
        before = part[0].subject if part else before


def _inheriting(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """A clause that begins with its figure is about what the one before it is about: "the garage has 18 spaces and costs 25"."""
    found: list[Clause] = []
    for clause in clauses:
        inherits = not clause.subject and found and (clause.numbers or clause.times)
        found.append(replace(clause, subject=found[-1].subject) if inherits else clause)
    return tuple(found)


def clauses_of(sentence: str) -> tuple[Clause, ...]:
    """The clauses of a sentence. One that has figures and no content words is about what the one before it is about."""
    parts: list[Clause] = []
    for part in _CLAUSE.split(sentence):
        clause = _taken_apart(part)
        if clause.stems or not parts:
            parts.append(clause)
        elif clause.numbers or clause.times or clause.contacts or clause.negated:
            parts.append(replace(clause, stems=parts[-1].subject or parts[-1].stems))
    return tuple(parts)


def _taken_apart(text: str) -> Clause:
    normal = normalise(_REACHED_BY.sub(" ", text))
    figure = re.search(r"\d", normal)
    return Clause(
        stems=_content(normal),
        subject=_content(normal[: figure.start()] if figure else normal),
        times=times(normal),
        amounts=frozenset(prices(normal)),
        measures=frozenset(_measures(normal)),
        numbers=frozenset(map(_plain, _NUMBER.findall(normal))),
        contacts=frozenset(match.casefold().rstrip(".,;:!)") for match in _REACHED_BY.findall(text)),
        negated=_NEGATION.search(normal) is not None,
    )


def _content(normal: str) -> frozenset[str]:
    # A price of nothing is a figure and a promise both: its word stays.
    free = {stem(word) for word in words(normal)} & PROMISES
    found = {stem(word) for word in content_words(without_figures(normal)) if not word.isdigit()}
    return frozenset((found | free) - _OF_NO_WEIGHT)


def _measures(normal: str) -> Iterator[tuple[str, str]]:
    for match in _MEASURE.finditer(normal):
        yield str(match.lastgroup), _plain(match["number"])
    for sign, number in _BEFORE_AMOUNT.findall(normal):
        yield _SIGNS.get(sign, str(sign).upper()), _plain(number)


def _plain(number: str) -> str:
    """A number in one way of writing: 1,200 and 1200, 07:00 and 7, 6.30 and 6:30."""
    plain = re.sub(r"[.,](?=\d{3}(?!\d))", "", number)
    plain = re.sub(r"^(\d+)[.,:](\d\d)$", r"\1:\2", plain).removesuffix(":00")
    return re.sub(r"^0+(?=\d)", "", plain).replace(",", ".")


def hours_of(of_time: frozenset[int]) -> frozenset[str]:
    """Times as they are written without "o'clock" beside them, by 24 hours and by 12."""
    minutes = {f"{hour}:{one % 60:02}" for one in of_time for hour in (one // 60, (one // 60 + 11) % 12 + 1)}
    return frozenset(one.removesuffix(":00") for one in minutes)


def has(word: str, known: frozenset[str]) -> bool:
    """Whether a stem is among others, in this form or another."""
    if word in known:
        return True
    beginning = word[:_SAME_BEGINNING]
    return len(beginning) == _SAME_BEGINNING and any(other.startswith(beginning) for other in known)


def names_in(text: str) -> frozenset[str]:
    """What is written with a capital within a sentence."""
    return frozenset(stem(normalise(name)) for name in _NAME.findall(text))


def names_known(articles: Sequence[str], known_names: str) -> frozenset[str]:
    """What may be: the articles' own words, `known_names`, and words that are written so anyway."""
    every = " ".join((*articles, known_names, _NO_NAMES))
    return frozenset(stem(normalise(word)) for word in re.findall(r"[\w’'-]+", every))


_NO_NAMES = "I I'm I'll We Sie Ihnen Ihr Ihre Ihren Ihrem Ihrer Uhr Gerne EUR USD GBP CHF Euro Euros AM PM"
_PRONOUNS = frozenset(
    [
        "it",
        "its",
        "they",
        "them",
        "their",
        "these",
        "this",
        "that",
        "those",
        "er",
        "es",
        "sie",
        "ihn",
        "ihm",
        "ihnen",
        "diese",
        "dieser",
        "dieses",
        "il",
        "elle",
        "ils",
        "elles",
        "leur",
        "ceci",
        "cela",
        "ello",
        "ellos",
        "ellas",
        "este",
        "esta",
        "estos",
        "estas",
        "esso",
        "essa",
        "essi",
        "esse",
        "questo",
        "questa",
        "ele",
        "ela",
        "eles",
        "elas",
        "het",
        "zij",
        "deze",
        "dit",
    ]
)
