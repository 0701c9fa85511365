"""Every service in a venv of its own: installs from the lock with nothing of the others, and passes its own tests there.

    frontdesk with-parts -- .venv/bin/python tools/own_venv.py [SERVICE...]

PostgreSQL, Kafka and Valkey are those of `FRONTDESK_POSTGRES_URL`, `FRONTDESK_KAFKA_URL` and `FRONTDESK_VALKEY_URL`.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))
PARTS = ("FRONTDESK_POSTGRES_URL", "FRONTDESK_KAFKA_URL", "FRONTDESK_VALKEY_URL")


def main(services: list[str]) -> int:
    """Try each service; 1 if any failed."""
    unknown = [name for name in services if name not in SERVICES]
    if unknown:
        print(f"no such service: {', '.join(unknown)}; there are {', '.join(SERVICES)}")
        return 2
    missing = [name for name in PARTS if not os.environ.get(name)]
    if missing:
        print(f"{', '.join(missing)} not set; run me as `frontdesk with-parts -- .venv/bin/python tools/own_venv.py`")
        return 2
    failed = [service for service in services or SERVICES if not passes_alone(service)]
    if failed:
        print(f"not on their own: {', '.join(failed)}")
    return 1 if failed else 0


def passes_alone(service: str) -> bool:
    """Whether the service installs, stands alone and passes its tests in a fresh venv."""
    with tempfile.TemporaryDirectory(prefix=f"own-venv-{service}-") as folder:
        venv = Path(folder) / "venv"
        started = time.monotonic()
        try:
            install(service, venv)
            stands_alone(service, venv)
            installed = time.monotonic()
            # Without -P a stray folder of the working directory could be imported instead of what is installed.
            pytest = (venv / "bin" / "python", "-P", "-m", "pytest", "-p", "no:cacheprovider")
            # An installed package lies away from its source, where the migrations are.
            run(
                *pytest, f"services/{service}", FRONTDESK_MIGRATIONS_DIR=str(ROOT / "services" / service / "migrations")
            )
        except subprocess.CalledProcessError as error:
            print(f"{service:<14}FAILED: {' '.join(str(part) for part in error.cmd)}", flush=True)
            return False
        took = f"installed in {installed - started:.0f} s, tested in {time.monotonic() - installed:.0f} s"
        print(f"{service:<14}ok: {took}", flush=True)
        return True


def install(service: str, venv: Path) -> None:
    """The service, the two libraries and the test tools, at the versions of the lock; not editable, as it ships."""
    run(UV, "venv", "-q", "-p", sys.executable, venv)
    pip = (UV, "pip", "install", "-q", "-p", venv, "-c", "requirements.lock")
    run(*pip, "uv-build")
    members = ("libs/contracts", "libs/servicekit", f"services/{service}")
    # Without sources: as a workspace uv would link the libraries to their source instead of installing them.
    run(
        *pip,
        "--no-build-isolation",
        "--no-sources",
        "--group",
        "pyproject.toml:test",
        *(f"./{member}" for member in members),
    )


def stands_alone(service: str, venv: Path) -> None:
    """The service and the libraries are in the venv itself, and no other service of ours is."""
    ours = ("contracts", "servicekit", service)
    others = [name for name in SERVICES if name != service]
    look = (
        "import sys; from importlib.util import find_spec; "
        f"assert all(find_spec(name).origin.startswith(sys.prefix) for name in {ours!r}); "
        f"assert not [name for name in {others!r} if find_spec(name)]"
    )
    run(venv / "bin" / "python", "-P", "-c", look)


def run(*command: str | Path, **more: str) -> None:
    """Run a command in the repository's root, without the caller's venv, with more in its environment.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    mine = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    subprocess.run([str(part) for part in command], cwd=ROOT, env=mine | more, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
