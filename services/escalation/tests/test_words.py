"""The rule, the command, the route and the test carry the same words: whoever knows one finds the others."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from escalation import app, reactions
from escalation.commands import escalations as commands
from escalation.domain import lifecycle
from escalation.queries import escalations as queries
from escalation.queries import timeline
from escalation.routes import escalations as routes

BY_EVENT_ALONE = {"raise_escalation", "unassign_escalation"}
HERE = Path(__file__).parent


def functions(module: ModuleType) -> dict[str, Callable[..., object]]:
    """The public functions that a module defines."""
    return {
        name: found
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__ and not name.startswith("_")
    }


RULES = sorted(functions(lifecycle))
QUERIES = sorted({**functions(queries), **functions(timeline)})


@pytest.mark.parametrize("words", RULES)
def test_every_rule_has_a_command_a_route_a_test_and_a_line_in_the_table_of_contents(words: str) -> None:
    assert any(name == words or name.startswith(f"{words}s_of") for name in functions(commands))
    assert (f"{words}_route" in functions(routes)) != (words in BY_EVENT_ALONE)
    assert (HERE / f"test_{words}.py").exists()
    assert f"    {words} " in (app.__doc__ or "")


@pytest.mark.parametrize("words", QUERIES)
def test_every_query_has_a_route_and_a_place_in_the_table_of_contents(words: str) -> None:
    assert f"{words}_route" in functions(routes)
    assert words in (app.__doc__ or "")


def test_every_route_is_a_command_or_a_query() -> None:
    assert {name.removesuffix("_route") for name in functions(routes)} == {*RULES, *QUERIES} - BY_EVENT_ALONE


def test_every_reaction_is_named_after_what_it_reacts_to() -> None:
    for name, reaction in functions(reactions).items():
        (event, _) = inspect.signature(reaction).parameters.values()
        kinds = [part.__name__ for part in getattr(event.annotation, "__args__", (event.annotation,))]
        words = name.removeprefix("on_").replace("_", "")
        assert all(kind.lower().startswith(words) for kind in kinds), (name, kinds)


def test_the_table_of_contents_fits_on_one_screen() -> None:
    assert len(inspect.getsource(app).splitlines()) <= 40
