"""The tables: a line per fault, with what was counted and how long it took to recover."""

from collections.abc import Iterable, Sequence
from statistics import median

from chaos.rounds import Round
from chaos.verdict import Defect

HEAD = (
    "| fault | seeds | messages said / acknowledged / stored | lost | doubled | out of order | other findings | "
    "turns: answered / handed over / silenced | events, of these sent twice |"
)
RECOVERY = (
    ("message", "message acknowledged"),
    ("answer", "answer seen"),
    ("command", "staff's command done"),
    ("event", "event seen by staff"),
    ("ready", "all ready"),
    ("silence", "longest without an acknowledgement"),
    ("quiet", "quiet, after the last message"),
)


def tables(rounds: Sequence[Round], command: str, seed: int, commit: str, machine: str) -> str:
    """Markdown: what was counted, and recovery, per fault."""
    faults = list(dict.fromkeys(played.fault for played in rounds))
    of = {fault: [played for played in rounds if played.fault == fault] for fault in faults}
    lines = [
        f"`{command}`, seed {seed}, commit {commit}, {len(rounds)} rounds, {machine}.",
        "",
        HEAD,
        "|" + "---|" * HEAD.count(" | ") + "---|",
        *(_counted(fault, of[fault]) for fault in faults),
        "",
        "Recovery in seconds, median / longest, from the end of the fault (when healing, including the start of a killed "
        "process, begins) to the first:",
        "",
        "| fault | " + " | ".join(title for _, title in RECOVERY) + " |",
        "|---" * (len(RECOVERY) + 1) + "|",
        *(_recovered(fault, of[fault]) for fault in faults),
    ]
    return "\n".join(lines) + "\n"


def _counted(fault: str, rounds: Sequence[Round]) -> str:
    verdicts = [played.verdict for played in rounds]
    counted = {defect: sum(verdict.count(defect) for verdict in verdicts) for defect in Defect}
    shown = (Defect.LOST, Defect.DOUBLED, Defect.DISORDER)
    other = ", ".join(f"{n} {defect}" for defect, n in counted.items() if n and defect not in shown) or "0"
    name = fault
    if rounds[0].broken:
        caught = sum(played.is_caught for played in rounds)
        name = f"{fault} (broken on purpose: caught in {caught} of {len(rounds)})"
    cells = [
        name,
        str(len(rounds)),
        " / ".join(
            f"{sum(values):,}" for values in zip(*((v.said, v.acknowledged, v.stored) for v in verdicts), strict=True)
        ),
        *(str(counted[defect]) for defect in shown),
        other,
        " / ".join(
            str(sum(values)) for values in zip(*((v.answered, v.handed_over, v.dropped) for v in verdicts), strict=True)
        ),
        f"{sum(v.events for v in verdicts):,}, {sum(v.repeats['in topics'] for v in verdicts)}",
    ]
    return "| " + " | ".join(cells) + " |"


def _recovered(fault: str, rounds: Sequence[Round]) -> str:
    cells = [_spread(played.recovery[kind] for played in rounds if kind in played.recovery) for kind, _ in RECOVERY]
    return "| " + " | ".join([fault, *cells]) + " |"


def _spread(values: Iterable[float]) -> str:
    found = list(values)
    return f"{median(found):.2f} / {max(found):.2f}" if found else "-"


def line(played: Round) -> str:
    """One round in one line, as it is over."""
    verdict = played.verdict
    recovery = ", ".join(f"{kind} {played.recovery[kind]:.1f}" for kind, _ in RECOVERY if kind in played.recovery)
    outcome = "clean" if verdict.is_clean else ", ".join(f"{verdict.count(d)} {d}" for d in Defect if verdict.count(d))
    repeats = ", ".join(f"{n} {where}" for where, n in verdict.repeats.items() if n)
    return (
        f"{played.fault} seed {played.seed}: {outcome}; {verdict.said} said, {verdict.acknowledged} acknowledged, "
        f"{verdict.turns} turns ({verdict.handed_over} handed over), {verdict.events} events"
        + (f", repeats {repeats}" if repeats else "")
        + (f", {verdict.resyncs} resyncs" if verdict.resyncs else "")
        + f"; recovery s: {recovery}; took {played.seconds:.1f} s"
    )
