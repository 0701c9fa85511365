"""Finds command models that read as a number what their JSON schema does not call one."""

from collections.abc import Iterator

from pydantic import ValidationError

from servicekit.commands import Command


def loose_numbers() -> list[str]:
    """Fields of command models, of all that are imported, that hold a number and take `true` or "1" for one: pydantic does,
    unless told otherwise (`AsNumber`)."""
    return [
        f"{command.__name__}.{name} takes {wrong!r}"
        for command in _commands(Command)
        for name in _numbers(command)
        for wrong in (True, "1")
        if _takes(command, name, wrong)
    ]


def _commands(base: type[Command]) -> Iterator[type[Command]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _commands(kind)


def _numbers(command: type[Command]) -> list[str]:
    schema = command.model_json_schema()
    named = schema.get("$defs", {})
    found: list[str] = []
    for name, field in schema.get("properties", {}).items():
        choices = [
            named[one["$ref"].split("/")[-1]] if "$ref" in one else one for one in (field, *field.get("anyOf", ()))
        ]
        if any(choice.get("type") in ("integer", "number") for choice in choices):
            found.append(name)
    return found


def _takes(command: type[Command], name: str, value: object) -> bool:
    try:
        command.model_validate({name: value})
    except ValidationError as error:
        return all(found["loc"][0] != name for found in error.errors() if found["loc"])
    return True
