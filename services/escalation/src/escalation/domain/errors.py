"""What the rules of this service say no to; each class is the problem that HTTP callers get."""

from contracts.errors import Conflict, Forbidden, Invalid


class NotAnActiveMember(Invalid):
    """The assignee does not work for this hotel (any more)."""

    slug, title = "not-an-active-member", "The assignee is not an active member of this hotel"


class UnknownConversation(Invalid):
    """No conversation of that id in this hotel, or none that we have heard of yet."""

    slug, title = "unknown-conversation", "There is no such conversation in this hotel"


class ConversationIsOver(Conflict):
    """Nobody waits for an answer in a conversation that has ended."""

    slug, title = "conversation-is-over", "The conversation has ended"


class AssignedToSomebodyElse(Conflict):
    """Only its assignee starts to work on an assigned escalation."""

    slug, title = "assigned-to-somebody-else", "It is assigned to somebody else: assign it to yourself first"


class OnlyPeopleWork(Forbidden):
    """A service or the system cannot start to work on an escalation."""

    slug, title = "only-people-work", "Only a member of staff can start to work on an escalation"
