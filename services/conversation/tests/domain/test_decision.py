"""When the AI answers, asks back, says a kind word or hands over: the hotel's rules, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import HandOverReason, NeverAutoTopic, Priority, TurnAction
from conversation.domain.decision import CAREFUL, Decision, Evidence, Policy, decide
from conversation.domain.intents import Intents, SmallTalk, recognise

SURE = Evidence(confidence=0.95, articles=5, lead=0.1, coverage=1.0)
REFUND = frozenset({NeverAutoTopic.REFUND})
CANCELLATION = frozenset({NeverAutoTopic.CANCELLATION})


def evidence(**changes: object) -> Evidence:
    """Evidence of a sure answer, with changes."""
    return Evidence(**({"confidence": 0.95, "articles": 5, "lead": 0.1, "coverage": 1.0} | changes))  # type: ignore[arg-type]  # named fields


def test_a_confident_article_is_answered() -> None:
    assert decide(SURE, Policy()) == Decision(TurnAction.ANSWER)


def test_what_was_said_twice_already_is_not_said_again_but_handed_over() -> None:
    assert decide(evidence(said_twice=True), Policy()) == Decision(
        TurnAction.HAND_OVER, (HandOverReason.LOW_CONFIDENCE,)
    )


def test_confidence_under_the_hotels_threshold_hands_over() -> None:
    assert decide(evidence(confidence=0.6), Policy(threshold=0.7)).reasons == (HandOverReason.LOW_CONFIDENCE,)


def test_a_question_that_nothing_fits_hands_over_and_says_that_no_article_covers_it() -> None:
    assert decide(evidence(confidence=0.1), Policy()).reasons == (HandOverReason.NO_ARTICLE,)
    assert decide(Evidence(), Policy()).reasons == (HandOverReason.NO_ARTICLE,)


@pytest.mark.parametrize(
    ("intents", "reason"),
    [
        (Intents(human=True), HandOverReason.GUEST_ASKED),
        (Intents(upset=True), HandOverReason.UPSET),
        (Intents(demands=REFUND), HandOverReason.NEVER_AUTO_TOPIC),
        (Intents(emergency=True), HandOverReason.RULE),
    ],
)
def test_what_must_go_to_staff_goes_there_however_confident_an_article_is(
    intents: Intents, reason: HandOverReason
) -> None:
    decision = decide(evidence(intents=intents, confidence=1.0), Policy(threshold=0.0))
    assert decision.action is TurnAction.HAND_OVER
    assert reason in decision.reasons


def test_all_reasons_are_named() -> None:
    intents = Intents(human=True, upset=True, demands=REFUND)
    decision = decide(evidence(intents=intents), Policy())
    assert decision.reasons == (HandOverReason.GUEST_ASKED, HandOverReason.NEVER_AUTO_TOPIC, HandOverReason.UPSET)


def test_a_demand_on_a_topic_that_the_hotel_leaves_to_the_ai_is_answered_from_articles() -> None:
    assert decide(evidence(intents=Intents(demands=REFUND)), Policy(never_auto=frozenset())).action is TurnAction.ANSWER


def test_a_question_about_the_cancellation_policy_is_answered_where_an_article_says_it_for_sure() -> None:
    asked = Intents(mentions=CANCELLATION)
    assert decide(evidence(intents=asked, confidence=CAREFUL), Policy(threshold=0.3)).action is TurnAction.ANSWER
    less = decide(evidence(intents=asked, confidence=CAREFUL - 0.01), Policy(threshold=0.3))
    assert less.reasons == (HandOverReason.NEVER_AUTO_TOPIC,)


def test_a_vip_gets_a_person_where_the_hotel_wants_it() -> None:
    assert decide(evidence(vip=True), Policy()).action is TurnAction.ANSWER
    decision = decide(evidence(vip=True), Policy(hand_over_vips=True))
    assert (decision.reasons, decision.priority) == ((HandOverReason.RULE,), Priority.HIGH)


def test_danger_goes_first_and_upset_guests_before_others() -> None:
    assert decide(evidence(intents=Intents(emergency=True, upset=True)), Policy()).priority is Priority.URGENT
    assert decide(evidence(intents=Intents(upset=True)), Policy()).priority is Priority.HIGH
    assert decide(evidence(intents=Intents(human=True)), Policy()).priority is Priority.NORMAL


def test_small_talk_gets_a_kind_word() -> None:
    assert decide(Evidence(intents=Intents(small_talk=SmallTalk.THANKS)), Policy()).action is TurnAction.SMALL_TALK


def test_a_word_that_fits_two_articles_is_asked_back_once() -> None:
    unclear = {"confidence": 0.4, "lead": 0.01, "content_words": 1, "coverage": 1.0}
    assert decide(evidence(**unclear), Policy()).action is TurnAction.CLARIFY
    assert decide(evidence(**unclear, asked_back=True), Policy()).action is TurnAction.HAND_OVER


def test_a_word_that_no_article_has_is_not_asked_back() -> None:
    unknown = evidence(confidence=0.4, lead=0.01, content_words=1, coverage=0.0)
    assert decide(unknown, Policy()).action is TurnAction.HAND_OVER


probabilities = st.floats(0, 1)
intents = st.builds(
    Intents,
    human=st.booleans(),
    small_talk=st.none() | st.sampled_from(SmallTalk),
    upset=st.booleans(),
    emergency=st.booleans(),
    demands=st.frozensets(st.sampled_from(NeverAutoTopic)),
    mentions=st.frozensets(st.sampled_from(NeverAutoTopic)),
)
turns = st.builds(
    Evidence,
    intents=intents,
    confidence=probabilities,
    articles=st.integers(0, 12),
    lead=probabilities,
    coverage=probabilities,
    content_words=st.integers(0, 9),
    asked_back=st.booleans(),
    vip=st.booleans(),
)
policies = st.builds(
    Policy,
    threshold=probabilities,
    never_auto=st.frozensets(st.sampled_from(NeverAutoTopic)),
    hand_over_vips=st.booleans(),
)


@given(turns, policies)
def test_reasons_come_with_a_hand_over_and_only_then(turn: Evidence, policy: Policy) -> None:
    decision = decide(turn, policy)
    assert bool(decision.reasons) == (decision.action is TurnAction.HAND_OVER)


@given(turns, policies)
def test_an_answer_is_never_given_under_the_threshold_nor_on_a_demand_nor_to_an_upset_guest(
    turn: Evidence, policy: Policy
) -> None:
    if decide(turn, policy).action is TurnAction.ANSWER:
        assert turn.confidence >= policy.threshold
        assert turn.articles
        assert not turn.intents.demands & policy.never_auto
        assert True not in (turn.intents.upset, turn.intents.human, turn.intents.emergency)


@pytest.mark.parametrize(
    "text",
    ["What is your cancellation policy?", "How do I get a bill?", "Can I get an invoice with my company's name?",
     "Is my booking refundable?", "Wie sind Ihre Stornobedingungen?", "Until when can I cancel free of charge?",
     "Jusqu'à quand peut-on annuler sans frais ?", "¿Cuáles son las condiciones de cancelación?"],
)  # fmt: skip
def test_asking_about_a_kept_topic_is_no_demand(text: str) -> None:
    found = recognise(text)
    assert found.mentions
    assert not found.demands


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I want a refund", NeverAutoTopic.REFUND),
        ("can I get my money back", NeverAutoTopic.REFUND),
        ("Where is my refund?", NeverAutoTopic.REFUND),
        ("Ich möchte mein Geld zurück", NeverAutoTopic.REFUND),
        ("Je veux un remboursement", NeverAutoTopic.REFUND),
        ("Quiero que me devuelvan el dinero", NeverAutoTopic.REFUND),
        ("Rimborsatemi subito", NeverAutoTopic.REFUND),
        ("Ik wil mijn geld terug", NeverAutoTopic.REFUND),
        ("I need to cancel my reservation", NeverAutoTopic.CANCELLATION),
        ("please cancel", NeverAutoTopic.CANCELLATION),
        ("Ich muss meine Reservierung leider stornieren", NeverAutoTopic.CANCELLATION),
        ("Devo annullare la prenotazione", NeverAutoTopic.CANCELLATION),
        ("Necesito anular mi reserva", NeverAutoTopic.CANCELLATION),
        ("my bill is wrong", NeverAutoTopic.BILLING),
        ("please send me my invoice again", NeverAutoTopic.BILLING),
        ("Die Rechnung stimmt nicht", NeverAutoTopic.BILLING),
        ("On m'a débité deux fois", NeverAutoTopic.BILLING),
        ("La fattura è sbagliata", NeverAutoTopic.BILLING),
        ("I want to complain about the noise", NeverAutoTopic.COMPLAINT),
        ("Ich möchte mich beschweren", NeverAutoTopic.COMPLAINT),
        ("La habitación está sucia", NeverAutoTopic.COMPLAINT),
        ("Ik heb een klacht", NeverAutoTopic.COMPLAINT),
    ],
)
def test_demands_are_recognised_in_every_language(text: str, topic: NeverAutoTopic) -> None:
    assert topic in recognise(text).demands


@pytest.mark.parametrize(
    "text",
    ["Can I speak to someone?", "human please", "I need a real person", "are there any humans, I want to talk to staff",
     "Kann ich mit einem Mitarbeiter sprechen?", "echten Menschen bitte", "je veux parler à quelqu'un",
     "pásame con una persona", "vorrei parlare con qualcuno", "kan ik iemand spreken", "quero falar com uma pessoa"],
)  # fmt: skip
def test_the_wish_for_a_person_is_recognised(text: str) -> None:
    assert recognise(text).human


@pytest.mark.parametrize(
    "text",
    ["Does anybody speak Italian at the reception?", "Is the reception open at night?", "How many people fit in the room?",
     "Can a friend visit me?", "I lost my key card", "How much per person?", "Ist die Rezeption besetzt?",
     "Can you wake me at 5?", "Is there a charge for parking?", "How are you paid?", "Gibt es einen Aufzug?",
     "Can I pay by card?", "Is breakfast included?", "What does the room cost?", "Do you have a smoke-free floor?"],
)  # fmt: skip
def test_plain_questions_are_nothing_else(text: str) -> None:
    found = recognise(text)
    assert found == Intents(mentions=found.mentions)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Hi", SmallTalk.GREETING), ("Good morning!", SmallTalk.GREETING), ("Grüß Gott", SmallTalk.GREETING), ("bonjour", SmallTalk.GREETING),
     ("thank you so much!", SmallTalk.THANKS), ("ok great, thanks", SmallTalk.THANKS), ("Vielen Dank für die Hilfe", SmallTalk.THANKS),
     ("muchas gracias", SmallTalk.THANKS), ("bye", SmallTalk.BYE), ("Thanks, bye!", SmallTalk.BYE), ("Auf Wiedersehen", SmallTalk.BYE),
     ("Are you a robot?", SmallTalk.WHO_ARE_YOU), ("Sind Sie ein Mensch?", SmallTalk.WHO_ARE_YOU),
     ("Hi, is there a pool?", None), ("thanks, and when is breakfast?", None), ("Hello, I need towels", None)],
)  # fmt: skip
def test_small_talk_is_only_what_asks_for_nothing_else(text: str, kind: SmallTalk | None) -> None:
    assert recognise(text).small_talk is kind
