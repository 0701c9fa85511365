"""Whatever a hotel's people do to each other and to their roles, in whichever order: nobody comes to more than an admin has,
and nobody is given what the giver lacked. The steps use the rules as the commands do; what they led to is judged apart."""

from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.errors import DomainError
from contracts.permissions import ROLE_PERMISSIONS, Permission, Role
from identity.domain.members import HotelRole, check_admins_remain, scopes
from identity.domain.roles import (
    UnknownRole,
    check_new_name,
    check_unused,
    check_within,
    compose,
    is_built_in,
    permissions_of,
)

ADMIN = ROLE_PERMISSIONS[Role.ADMIN]
DEPUTY = frozenset({Permission.USER_READ, Permission.USER_WRITE, Permission.ROLE_READ, Permission.ROLE_WRITE})
"""Runs people and roles, and nothing else: who tries to come to more."""
PLATFORM = ROLE_PERMISSIONS[Role.SUPERADMIN] - ADMIN

people = st.integers(0, 5)
names = st.sampled_from(["admin", "staff", "viewer", "duty", "night", "superadmin"])
wanted = st.frozensets(st.sampled_from(list(Permission)), max_size=6) | st.sampled_from(
    [ADMIN, DEPUTY, frozenset(Permission)]
)


class Refused(Exception):
    """By the edge: the route asks for a permission that the actor lacks."""


def at_the_edge(needs: Permission, own: frozenset[Permission]) -> None:
    if needs not in own:
        raise Refused


class AHotelsPeople(RuleBasedStateMachine):
    """Six people, their roles, and invitations that are accepted some time later."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: dict[str, frozenset[Permission]] = {}
        self.members: dict[int, str] = {}
        self.former: dict[int, str] = {}
        self.invited: dict[int, str] = {}

    @initialize()
    def opened_with_an_admin_and_a_deputy(self) -> None:
        self.roles["duty"] = DEPUTY
        self.members = {0: "admin", 1: "duty", 2: "staff"}

    @rule(actor=people, name=names, permissions=wanted)
    def makes_a_role(self, actor: int, name: str, permissions: frozenset[Permission]) -> None:
        def step(own: frozenset[Permission]) -> None:
            self.roles[check_new_name(name, self.roles)] = compose(own, frozenset(), permissions)

        self._done(actor, Permission.ROLE_WRITE, step)

    @rule(actor=people, name=names, permissions=wanted)
    def changes_a_role(self, actor: int, name: str, permissions: frozenset[Permission]) -> None:
        def step(own: frozenset[Permission]) -> None:
            if name in self.roles:
                self.roles[name] = compose(own, self.roles[name], permissions)

        self._done(actor, Permission.ROLE_WRITE, step)

    @rule(actor=people, name=names)
    def deletes_a_role(self, actor: int, name: str) -> None:
        def step(own: frozenset[Permission]) -> None:
            if name in self.roles:
                check_within(own, self.roles[name])
                check_unused(sum(role == name for role in self.members.values()))
                del self.roles[name]

        self._done(actor, Permission.ROLE_WRITE, step)

    @rule(actor=people, person=people, role=names)
    def invites(self, actor: int, person: int, role: str) -> None:
        def step(own: frozenset[Permission]) -> None:
            if person not in self.members:
                check_within(own, self._known(role))
                self.invited[person] = role

        self._done(actor, Permission.USER_WRITE, step)

    @rule(person=people)
    def accepts(self, person: int) -> None:
        role = self.invited.get(person)
        if role is None or not (is_built_in(role) or role in self.roles):
            return
        self.members[person] = self.invited.pop(person)  # what it brings was given when they were invited: see `_held`
        self.former.pop(person, None)

    @rule(actor=people, person=people, role=names)
    def gives_a_role(self, actor: int, person: int, role: str) -> None:
        def step(own: frozenset[Permission]) -> None:
            if person in self.members:
                check_within(own, self._of(person), self._known(role))
                check_admins_remain(self.members[person], role, self._other_admins(person))
                self.members[person] = role

        self._done(actor, Permission.USER_WRITE, step)

    @rule(actor=people, person=people)
    def removes(self, actor: int, person: int) -> None:
        def step(own: frozenset[Permission]) -> None:
            if person in self.members:
                check_within(own, self._of(person))
                check_admins_remain(self.members[person], None, self._other_admins(person))
                self.former[person] = self.members.pop(person)

        self._done(actor, Permission.USER_WRITE, step)

    @rule(actor=people, person=people)
    def takes_back(self, actor: int, person: int) -> None:
        def step(own: frozenset[Permission]) -> None:
            if person in self.former:
                check_within(own, self._known(self.former[person]))
                self.members[person] = self.former.pop(person)

        self._done(actor, Permission.USER_WRITE, step)

    @invariant()
    def nobody_has_more_than_an_admin(self) -> None:
        for person, role in self.members.items():
            on_record = [permission.value for permission in self.roles.get(role, ())]
            assert set(scopes(role, on_record)) <= {permission.value for permission in ADMIN}, person
            assert role != Role.SUPERADMIN
            assert not self._of(person) & PLATFORM

    @invariant()
    def an_admin_remains(self) -> None:
        assert HotelRole.ADMIN in self.members.values()

    def _done(self, actor: int, needs: Permission, step: Callable[[frozenset[Permission]], None]) -> None:
        """A step of one actor: refused without a trace, or nobody gained what the actor lacked a moment before."""
        actor = sorted(self.members)[actor % len(self.members)]
        own, before = self._of(actor), self._held()
        state = {name: dict(getattr(self, name)) for name in ("roles", "members", "former", "invited")}
        try:
            at_the_edge(needs, own)
            step(own)
        except (DomainError, Refused):
            for name, kept in state.items():
                assert getattr(self, name) == kept, "refused, and changed"
            return
        for whom, has in self._held().items():
            assert has - before.get(whom, frozenset()) <= own, f"{actor} gave {whom} more than they have"

    def _of(self, person: int) -> frozenset[Permission]:
        return self._brings(self.members[person]) if person in self.members else frozenset()

    def _brings(self, role: str) -> frozenset[Permission]:
        return permissions_of(role, [permission.value for permission in self.roles.get(role, ())])

    def _known(self, role: str) -> frozenset[Permission]:
        if not is_built_in(role) and role not in self.roles:
            raise UnknownRole
        return self._brings(role)

    def _held(self) -> dict[object, frozenset[Permission]]:
        held: dict[object, frozenset[Permission]] = {
            person: self._brings(role) for person, role in self.members.items()
        }
        return held | {("invited", person): self._brings(role) for person, role in self.invited.items()}

    def _other_admins(self, person: int) -> int:
        return sum(role == "admin" for other, role in self.members.items() if other != person)


AHotelsPeople.TestCase.settings = settings(stateful_step_count=25, deadline=None)
TestAHotelsPeople = AHotelsPeople.TestCase
