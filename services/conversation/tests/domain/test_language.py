"""In which language a guest writes, also in one word; unsure means the conversation's language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.domain.language import detect, language_of
from conversation.domain.words import Language

TEXTS = {
    Language.EN: [
        "Can I bring my dog?", "What time is breakfast?", "dog?", "towels please", "where can we park", "I'd like a late check-out",
        "Is there a gym?", "the shower is cold", "how much is it", "thanks a lot", "Do you speak English?", "any vegan food?",
    ],
    Language.DE: [
        "Darf ich meinen Hund mitbringen?", "Hund?", "Wann gibt es Frühstück?", "Parkplatz", "handtücher bitte", "Gibt es WLAN?",
        "wie spaet kann ich einchecken", "Ist die Sauna inklusive?", "zimmer mit aussicht", "danke schön", "Habt ihr einen Aufzug",
    ],
    Language.FR: [
        "Puis-je amener mon chien ?", "À quelle heure est le petit-déjeuner ?", "chien ?", "Comment se connecter à internet ?",
        "Où est la gare ?", "une serviette svp", "y a-t-il une piscine", "le parking est-il gratuit", "merci beaucoup", "bonjour",
    ],
    Language.ES: [
        "¿Puedo llevar a mi perro?", "perro?", "a que hora es el desayuno", "¿Hay gimnasio?", "necesito toallas", "donde aparco",
        "gracias", "hola buenas", "la habitacion esta fria", "quiero cancelar mi reserva", "¿Dónde está la estación?",
    ],
    Language.IT: [
        "Posso portare il mio cane?", "cane?", "A che ora è la colazione?", "C'è una palestra?", "dove posso parcheggiare",
        "vorrei un asciugamano", "quanto costa il parcheggio", "grazie mille", "buongiorno",
    ],
    Language.NL: [
        "Mag mijn hond mee?", "hond?", "Hoe laat is het ontbijt?", "waar kan ik parkeren", "ik wil graag een handdoek",
        "is er een zwembad", "dank u wel", "hoeveel kost het",
    ],
    Language.PT: [
        "Posso levar o meu cachorro?", "A que horas é o café da manhã?", "onde posso estacionar", "preciso de toalhas",
        "obrigado", "quanto custa o estacionamento", "há piscina no hotel?",
    ],
    Language.AR: ["هل يوجد موقف سيارات؟", "مرحبا"],
    Language.ZH: ["早餐几点？", "可以带狗吗"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in TEXTS.items() for text in texts]
)
def test_guest_texts_are_told_apart(language: Language, text: str) -> None:
    assert detect(text).language is language


@pytest.mark.parametrize(
    "text", ["wifi?", "Taxi", "check-in", "Sauna?", "hotel bar", "ok", "👍", "12:30", "", "404", "WLAN?"]
)
@pytest.mark.parametrize("fallback", [Language.DE, Language.FR])
def test_what_every_language_says_keeps_the_conversations_language(text: str, fallback: Language) -> None:
    assert detect(text, fallback).language in {fallback, Language.DE if text == "WLAN?" else fallback}


def test_a_script_we_do_not_answer_in_keeps_the_conversations_language() -> None:
    assert detect("犬は大丈夫ですか", Language.EN) == detect("", Language.EN)


@given(st.text(max_size=300), st.sampled_from(list(Language)))
def test_any_text_has_a_language(text: str, fallback: Language) -> None:
    assert detect(text, fallback).language in Language


def test_a_tag_with_a_region_is_its_language_and_an_unknown_one_the_default() -> None:
    assert language_of("pt-BR") is Language.PT
    assert language_of("fi", Language.DE) is Language.DE
