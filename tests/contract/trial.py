"""One OpenAPI document tried against the running service with data that fits it and data that does not (schemathesis)."""

import copy
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import CheckNode
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext, unregister

from contract.desk import Desk, address, readable

Json = dict[str, Any]  # Any: JSON

SHORT_RUN = 2
"""Random requests an operation and phase, where nobody asks for more."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
REFUSED_WITH_REASON = ["2xx", "304", "400", "401", "403", "404", "409", "410", "412", "422", "429"]
"""What may answer a request that fits its schema: whether an id leads somewhere, a link holds, a move is allowed, a version is the
latest or a name is a time zone is not for a schema to say."""
REFUSED_AS_WRONG = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "431"]
ISSUER_AWAY = "urn:frontdesk:problem:issuer-unavailable"
"""503 about a sign-in provider that is made up: not our failure."""
LEARNS_NOTHING: Json = {"extra-data-sources": {"responses": False}}
"""Ids out of answers would lead to people and hotels that the other requests need as they are."""
NORMALISED = {"language", "languages", "default_language", "email", "phone"}
"""Taken in any spelling and kept in one: what the document shows is the one that is kept."""
REAL_EVERY = 2
"""Of the well-formed requests, every second one names things that are there."""


@dataclass(slots=True)
class Finding:
    """A request whose answer is not as the document says."""

    check: str
    operation: str
    message: str
    how: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.check}: {self.message}\n    {self.how}"


@dataclass(slots=True)
class Outcome:
    """What came of one document."""

    seed: int
    requests: int = 0
    operations: set[str] = field(default_factory=set[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    by_operation: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[Finding] = field(default_factory=list[Finding])
    errors: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        shown = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"seed {self.seed}: {self.requests} requests to {len(self.operations)} operations ({shown})"


def strict(document: Json) -> Json:
    """The document without `default` answers: a status counts as documented where it is named."""
    document = copy.deepcopy(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("default", None)
    return document


def config(url: str, seed: int, examples: int) -> SchemathesisConfig:
    """Every check there is a use for, every phase but the stateful one, nothing kept between runs."""
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "workers": 1,
            "continue-on-failure": True,
            "request-timeout": 20,
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "checks": {
                "enabled": False,
                **{name: {"enabled": True} for name in CHECKS},
                "positive_data_acceptance": {"enabled": True, "expected-statuses": REFUSED_WITH_REASON},
                "negative_data_rejection": {"enabled": True, "expected-statuses": REFUSED_AS_WRONG},
            },
            "phases": {
                "stateful": {"enabled": False},
                "examples": LEARNS_NOTHING,
                "fuzzing": LEARNS_NOTHING,
                "coverage": LEARNS_NOTHING | {"unexpected-methods": ["delete", "put", "patch"]},
            },
        }
    )


def try_document(desk: Desk, service: str, document: Json, *, seed: int, examples: int, paths: list[str]) -> Outcome:
    """Send what schemathesis makes of the document; `examples` a phase and operation, beside the boundary cases.

    Nothing but `paths` is tried.
    """
    schema = schemathesis.openapi.from_dict(strict(document), config=config(desk.stack.url(service), seed, examples))
    schema = schema.include(path=paths)
    outcome = Outcome(seed)
    turns: dict[str, itertools.count[int]] = defaultdict(itertools.count)

    class Bearer:
        """The token of whoever the operation is for."""

        def get(self, case: Case[Any], context: object) -> str:
            return desk.token(_path(case), service)

        def set(self, case: Case[Any], data: str, context: object) -> None:
            headers: MutableMapping[str, Any] = case.headers  # Any: as schemathesis has it
            headers["Authorization"] = f"Bearer {data}"

    schema.auth(refresh_interval=None)(Bearer)

    def before_call(context: HookContext, case: Case[Any], kwargs: Json) -> None:
        headers: MutableMapping[str, Any] = case.headers  # Any: as schemathesis has it
        headers["X-Forwarded-For"] = address()
        if case.meta is None or not case.meta.generation.mode.is_positive:
            _fill_in(case, desk)
        elif next(turns[case.operation.label]) % REAL_EVERY == 0:
            _fill_in(case, desk, body=True)
        if _path(case) == "/session/refresh" or (_path(case) == "/session" and case.method != "POST"):
            cookie, csrf = desk.cookie()
            headers.update({"Cookie": cookie, "X-CSRF-Token": csrf})

    def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
        outcome.requests += 1
        outcome.operations.add(case.operation.label)
        outcome.statuses[response.status_code] += 1
        outcome.by_operation[case.operation.label][response.status_code] += 1
        if response.status_code == 401:
            desk.refused(_token(case))

    with _hooked(before_call, after_call):
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _note(event, outcome)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                outcome.errors.append(f"{getattr(event, 'label', '')}: {getattr(event, 'value', None) or event}")
    return outcome


@contextmanager
def _hooked(*hooks: Callable[..., None]) -> Generator[None]:
    """Schemathesis takes hooks on calls for the whole process only."""
    for hook in hooks:
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in hooks:
            unregister(hook)


def _fill_in(case: Case[Any], desk: Desk, *, body: bool = False) -> None:
    """Ids that lead somewhere in a path that is not what is wrong with the request; with `body`, secrets that hold."""
    path = _path(case)
    meta = case.meta
    wrong_path = meta is not None and meta.is_negative_at(ParameterLocation.PATH)
    if case.path_parameters and not wrong_path:
        known = desk.ids_for(path, _token(case))
        for name in case.path_parameters:
            if name in known:
                case.path_parameters[name] = known[name]
    if body and isinstance(case.body, dict | type(case.body)):
        given = case.body if isinstance(case.body, dict) else {}
        real = desk.body_for(path, given)
        if real is not None and case.method == "POST":
            case.body = real


def _token(case: Case[Any]) -> str:
    return str((case.headers or {}).get("Authorization", "")).removeprefix("Bearer ")


def _path(case: Case[Any]) -> str:
    """The route's template as the owning service has it."""
    return case.operation.path.removeprefix("/api")


def _note(event: events.ScenarioFinished, outcome: Outcome) -> None:
    if event.status not in (Status.FAILURE, Status.ERROR):
        return
    recorder = event.recorder
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None or _is_no_finding(check, recorder.cases[case_id].value):
                continue
            interaction = recorder.interactions.get(case_id)
            answer = interaction.response if interaction else None
            if answer and ISSUER_AWAY in answer.text:
                continue
            said = f" -> {answer.status_code} {readable(answer.text)}" if answer else ""
            outcome.findings.append(
                Finding(
                    check.name,
                    recorder.label,
                    " ".join(str(check.failure_info.failure).split())[:500],
                    check.failure_info.code_sample[:800] + said,
                )
            )


def _is_no_finding(check: CheckNode, case: Case[Any]) -> bool:
    """Whether schemathesis asks for something that this API promises to nobody."""
    if check.name == "unsupported_method":  # `PATCH /articles/search` is that of the article with the id `search`
        others = case.operation.schema
        return any(
            path != case.operation.path and _covers(path, case.operation.path) for path in others.raw_schema["paths"]
        )
    if check.name == "negative_data_rejection" and check.failure_info is not None:
        at = re.search(r"(?:parameter `|in body - )([^`:]+)", str(check.failure_info.failure))
        return at is not None and bool(NORMALISED & set(re.split(r"[./\[\]]", at[1])))
    return False


def _covers(template: str, path: str) -> bool:
    """Whether an address of `path` is one of `template` too."""
    return re.fullmatch(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(template)), path) is not None


def labels(document: Json, paths: list[str]) -> set[str]:
    """The operations of these paths as schemathesis names them."""
    methods = ("get", "post", "put", "patch", "delete")
    return {f"{m.upper()} {path}" for path in paths for m in methods if m in document["paths"][path]}
