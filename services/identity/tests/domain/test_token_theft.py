"""One browser, and perhaps a thief with a copy of what it held, in any order: whoever goes on second ends the family.

The machine keeps the tokens as the database does and asks `judge`; it knows besides what the rule cannot see: who holds
which token.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from identity.domain.sessions import PresentedToken, RefreshVerdict, judge

OVERLAP = timedelta(seconds=10)
NEVER = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Token:
    """A row of refresh_tokens, and the token that it answered."""

    generation: int
    parent: "Token | None" = None
    rotated_at: datetime | None = None
    successors: "list[Token]" = field(default_factory=list["Token"])

    def went_on(self) -> bool:
        """Whether a successor of it was used."""
        return any(successor.rotated_at for successor in self.successors)


class Theft(RuleBasedStateMachine):
    """A family of refresh tokens and the two who may hold it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.ended = False
        self.generation = 0
        first = Token(0)
        self.issued = [first]
        self.browser = first
        self.thief: Token | None = None
        self.lost_at: datetime | None = None
        self.to_blame = False
        """Whether somebody did what may end the family: a thief, or the browser by asking again too late."""

    def present(self, token: Token) -> Token | None:
        """What the command does with a verdict."""
        known = PresentedToken(
            NEVER, token.rotated_at, self.now if self.ended else None, self.generation - token.generation
        )
        verdict = judge(known, self.now, OVERLAP)
        if verdict is RefreshVerdict.END_FAMILY:
            self.ended = True
        if verdict not in (RefreshVerdict.ROTATE, RefreshVerdict.REPEAT):
            return None
        assert verdict is (RefreshVerdict.ROTATE if token.rotated_at is None else RefreshVerdict.REPEAT)
        if verdict is RefreshVerdict.ROTATE:
            token.rotated_at = self.now
            self.generation += 1
        following = Token(self.generation, token)
        token.successors.append(following)
        self.issued.append(following)
        return following

    @rule(seconds=st.sampled_from([0, 1, 9, 11, 540]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(tabs=st.integers(1, 3))
    def the_browser_refreshes(self, tabs: int) -> None:
        """Several tabs at once; the last answer is the one that is kept."""
        self._is_it_late()
        for following in [self.present(self.browser) for _ in range(tabs)]:
            self.browser = following or self.browser
        self.lost_at = None

    @rule()
    def the_browser_refreshes_and_the_answer_gets_lost(self) -> None:
        self._is_it_late()
        self.lost_at = self.lost_at or self.now
        self.present(self.browser)

    def _is_it_late(self) -> None:
        if self.lost_at is not None and self.now - self.lost_at > OVERLAP:
            self.to_blame = True

    @precondition(lambda self: self.thief is None)
    @rule(chosen=st.data())
    def somebody_steals_a_token(self, chosen: st.DataObject) -> None:
        self.thief, self.to_blame = chosen.draw(st.sampled_from(self.issued)), True

    @precondition(lambda self: self.thief is not None)
    @rule()
    def the_thief_refreshes(self) -> None:
        assert self.thief is not None
        self.thief = self.present(self.thief) or self.thief

    @precondition(lambda self: len(self.issued) > 1)
    @rule(chosen=st.data())
    def a_token_that_was_gone_on_from_or_used_long_ago_ends_the_family(self, chosen: st.DataObject) -> None:
        past = [token for token in self.issued if token.went_on() or self._used_long_ago(token)]
        if past:
            self.to_blame = True
            assert self.present(chosen.draw(st.sampled_from(past))) is None
            assert self.ended

    def _used_long_ago(self, token: Token) -> bool:
        return token.rotated_at is not None and self.now - token.rotated_at > OVERLAP

    @invariant()
    def one_line_goes_on(self) -> None:
        """Two tokens of one generation were never both used: of two who hold the family, the second ended it."""
        used = [token.generation for token in self.issued if token.rotated_at]
        assert len(used) == len(set(used))

    @invariant()
    def a_browser_alone_stays_signed_in(self) -> None:
        """As long as it asks again within the overlap for what got lost, nothing of its own doing ends the family."""
        assert self.to_blame or not self.ended


TestTheft = Theft.TestCase
TestTheft.settings = settings(max_examples=2 * settings().max_examples, stateful_step_count=30, deadline=None)
