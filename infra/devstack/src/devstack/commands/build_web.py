"""`frontdesk build-web`: the guest's widget from its sources, or its checks."""

from __future__ import annotations

import time

from devstack import show, web


def build() -> bool:
    """Build the widget where its sources changed, in one line.

    Raises:
        StackError: it can't be built.
    """
    built = web.build()
    show.step(f"widget: {built}" if built else f"the widget is as its sources are ({web.DIST})")
    return True


def check() -> bool:
    """Format, lint, types and unit tests of web/, each in one line, with the output of those that fail.

    Raises:
        StackError: the packages can't be fetched.
    """
    passed = True
    began = time.monotonic()
    for name, failure in web.check():
        show.console.print(f"web {name:<20}{'ok' if failure is None else 'FAILED':<8}{time.monotonic() - began:5.1f} s")
        began = time.monotonic()
        if failure is not None:
            passed = False
            show.console.print(failure, markup=False)
    return passed
