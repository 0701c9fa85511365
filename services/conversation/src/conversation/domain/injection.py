"""Sentences of an article that speak to a machine instead of a guest: a model is not given them. Pure.

What a page or a file says goes into articles, and not all of it was written by the hotel. These patterns catch the plain
cases; what gets by them still has to stand in an article, and can change no action, for code decides those.
"""

import re

from conversation.domain.text import sentences

_ADDRESSES_A_MACHINE = re.compile(
    r"\b(?:(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules?|prompts?|above|previous|articles?)"
    r"|system ?prompt|(?:system|assistant|ai|ki|bot|chatbot|llm)\s*:|(?:ai|ki)[- ]?(?:assistant|assistent)"
    r"|language models?|chat ?bots?\b|sprachmodell\w*|mod[eè]les? de langage|modelos? de lenguaje"
    r"|you are now\b|from now on\b|new instructions?\b|maintenance mode"
    r"|(?:tell|inform) (?:all|every|the|any) (?:guests?|users?|visitors?)|do not tell (?:the )?(?:guests?|users?)"
    r"|(?:reply|respond|answer)(?: only| every question)? with\b|repeat after\b"
    r"|(?:ignoriere?|vergiss)\b.{0,40}\b(?:anweisung\w*|regeln?)|sage? (?:allen|jedem|den) g[aä]st\w*"
    r"|(?:ignore[rz]?|oublie[rz]?)\b.{0,40}\b(?:instructions?|r[eè]gles?)|(?:ignora|olvida|dimentica)\b.{0,40}\b(?:instrucciones|istruzioni|reglas|regole))",
    re.IGNORECASE,
)


def addresses_a_machine(sentence: str) -> bool:
    """Whether a sentence tells a machine what to do."""
    return _ADDRESSES_A_MACHINE.search(sentence) is not None


def for_a_model(title: str, body: str) -> str:
    """An article as a model reads it: its title, a line break, and the sentences that speak to guests."""
    return f"{title}\n" + " ".join(one for one in sentences(body) if not addresses_a_machine(one))
