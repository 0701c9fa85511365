"""`make schemas`: write, or check, every generated file: JSON Schemas, AsyncAPI, permission table, OpenAPI documents, and the tables of
commands and queries in the READMEs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs

from gateway.routes.oidc import SHOWN
from gateway.routes.passing_on import ROUTES
from servicekit.problems import TooManyRequests, problems
from servicekit.testing import catalogue

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SERVICES = tuple(sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml")))
GATEWAY = "gateway"
WHOLE = ROOT / "services/gateway/src/gateway/openapi.json"
SHARED_SCHEMAS = {"Problem", "FieldProblem"}
LIMITED = next(iter(problems(TooManyRequests).values()))
"""The gateway has a limit of its own for what guests' widgets ask."""

Json = dict[str, Any]  # Any: JSON


def openapi(service: str) -> Json:
    """The service's OpenAPI document as its own command prints it."""
    done = subprocess.run((BIN / service, "openapi"), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"`{service} openapi` failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def renamed(value: Any, service: str) -> Any:  # Any: JSON
    """The same with every reference to a schema pointing at the service's own copy of it."""
    match value:
        case dict():
            return {key: renamed(inner, service) for key, inner in value.items()}
        case list():
            return [renamed(inner, service) for inner in value]
        case str() if value.startswith("#/components/schemas/"):
            name = value.rsplit("/", 1)[1]
            return value if name in SHARED_SCHEMAS else f"#/components/schemas/{service}.{name}"
        case _:
            return value


def whole(documents: dict[str, Json]) -> Json:
    """The gateway's document with all that it passes on, as the owning services document it.

    Raises:
        SystemExit: the gateway passes on a route that its owner does not have.
    """
    document = json.loads(json.dumps(documents[GATEWAY]))
    document["info"] |= {"title": "AI Front Desk", "description": "The whole API, at its one public address."}
    schemas: Json = document.setdefault("components", {}).setdefault("schemas", {})
    shown = [(route.service, route.method.lower(), route.path, f"/api{route.path}") for route in ROUTES]
    shown += [("identity", method, path, public_path) for method, path, public_path in SHOWN]
    shown += [
        ("conversation", method, path, path)
        for path, methods in documents["conversation"]["paths"].items()
        if path.startswith("/widget/")
        for method in methods
    ]
    for service, method, path, public_path in shown:
        owner = documents[service]
        if method not in owner["paths"].get(path, {}):
            raise SystemExit(f"the gateway passes on {method.upper()} {path}, which {service} does not have")
        operation = renamed(owner["paths"][path][method], service)
        operation["operationId"] = f"{service}.{operation['operationId']}"
        if path.startswith("/widget/"):
            operation["responses"].setdefault("429", LIMITED)
        document["paths"].setdefault(public_path, {})[method] = operation
    for service in {service for service, *_ in shown}:
        for name, schema in documents[service].get("components", {}).get("schemas", {}).items():
            if name in SHARED_SCHEMAS:
                schemas.setdefault(name, schema)
            else:
                schemas[f"{service}.{name}"] = renamed(schema, service)
    _keep_used(document)
    return document


def _keep_used(document: Json) -> None:
    """Drop the schemas that nothing refers to."""
    schemas = document["components"]["schemas"]
    while unused := [name for name in schemas if f'"#/components/schemas/{name}"' not in json.dumps(document)]:
        for name in unused:
            del schemas[name]


def wrong_examples(service: str, document: Json) -> list[str]:
    """The examples that their own schema does not allow."""
    wrong: list[str] = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media in (media for body in bodies for media in body.get("content", {}).values() if "example" in media):
                schema = media["schema"] | {"components": document["components"]}
                checks = jsonschema_rs.validator_for(schema, validate_formats=True)
                wrong += [
                    f"{service}: {method.upper()} {path}: the example's {'/'.join(map(str, error.instance_path))} {error.message}"
                    for error in checks.iter_errors(media["example"])
                ]
    return wrong


def main(mode: str) -> int:
    """Mode `write` or `check`; 1 when a committed file is out of date."""
    stale = [
        module
        for module in ("contracts.schemas", "contracts.permissions_table")
        if subprocess.run((sys.executable, "-m", module, mode), cwd=ROOT, check=False).returncode != 0
    ]
    documents = {service: openapi(service) for service in SERVICES}
    wrong = [line for service, document in documents.items() for line in wrong_examples(service, document)]
    for service, document in documents.items():
        wrong += catalogue.keep(ROOT / "services" / service, document, mode)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    wanted = {
        ROOT / "services" / service / "openapi.json": document
        for service, document in documents.items()
        if service != GATEWAY
    }
    wanted[WHOLE] = whole(documents)
    for path, document in wanted.items():
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        if mode == "write":
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make schemas` and commit what changed")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("write", "check"):
        raise SystemExit("usage: tools/schemas.py write|check")
    sys.exit(main(sys.argv[1]))
