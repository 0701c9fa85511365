"""A member's `tests/MUTANTS.md`: what the last whole run came to, and why each survivor may live."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from mutation.outcome import Key, Mutant, Verdict

_ROW = re.compile(r"\| (?P<file>[a-z0-9_]+\.py) \| (?P<function>\S+) \| (?P<change>`.*`) \| (?P<reason>.*?) ?\|")
OPEN = "?"


class Report:
    """The rows of the file, by their key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text("utf-8") if path.exists() else ""
        self.rows: dict[Key, str] = {
            (row["file"], row["function"], row["change"].replace("\\|", "|")): row["reason"]
            for row in map(_ROW.fullmatch, text.splitlines())
            if row
        }

    def reason(self, key: Key) -> str | None:
        """Why this one may survive; None: nobody has said."""
        given = self.rows.get(key, OPEN)
        return None if given == OPEN else given

    def write(
        self, member: str, counts: Mapping[Verdict, int], alive: Mapping[Key, Mutant], at: datetime, revision: str
    ) -> None:
        """The file anew, with the reasons that are known and `?` for those that are not."""
        lines = [
            f"# Mutants of {member}'s domain",
            "",
            f"`make mutants ARGS={member}`, {at:%Y-%m-%d}, on {revision}: "
            + ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in Verdict)
            + ".",
            "",
            "A mutant is a small change to the code that the tests of `tests/domain` should notice. Those below survive, each for",
            "the reason given; the run fails on any other, and on a row that is no longer true. Counted apart are mutants that",
            "change only the words of an error, for people; its type and pointer are tested.",
            "",
            "| file | function | mutated | why no test tells it |",
            "|---|---|---|---|",
        ]
        for key in sorted(alive):
            file, function, change = key
            escaped = change.replace("|", "\\|")
            lines.append(f"| {file} | {function} | {escaped} | {self.rows.get(key, OPEN)} |")
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
