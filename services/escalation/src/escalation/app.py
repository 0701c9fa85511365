"""The escalation service: a conversation that needs a person waits in a queue, gets somebody, and is dealt with.

The same words name the rule (`domain/lifecycle.py`), the command (`commands/escalations.py`), the route
(`routes/escalations.py`, with `_route`) and the tests (`tests/test_<words>.py`):

    create_escalation       a conversation needs a person: by an event, or by hand
    raise_escalation        it needs one more urgently: the second event or request on an open one
    assign_escalation       somebody has it
    acknowledge_escalation  they started to work on it
    unassign_escalation     they left the hotel: back to the queue
    resolve_escalation      it is dealt with

Asked for: get_escalation, list_escalations, queue_escalations (queries/escalations.py) and timeline_of_escalation
(queries/timeline.py). How urgent: priority_of (domain/priority.py). What others' events set off: on_<event>
(reactions.py, tests/test_reactions.py). A guest is erased: commands/erasure.py; wants
their data: queries/guest_data.py. Who may be assigned, whose conversation it is: projections of others' events
(projections.py, commands/conversations.py). The rows and our events: tables.py. There is no timed work.
"""

from escalation.projections import PROJECTIONS
from escalation.reactions import reactions
from escalation.routes import escalations, guest_data
from escalation.settings import Settings
from servicekit import Service

service = Service(
    "escalation",
    settings=Settings,
    routers=[escalations.router, guest_data.router],
    reactions=reactions,
    projections=PROJECTIONS,
)
main = service.main
