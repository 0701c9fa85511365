"""Every fault by its name; what each simulates stands in its docstring."""

from __future__ import annotations

from chaos import (
    faults_broken,
    faults_clock,
    faults_disk,
    faults_freezes,
    faults_kills,
    faults_network,
    faults_versions,
)
from chaos.world import Fault

_FAMILIES = (
    faults_kills,
    faults_freezes,
    faults_network,
    faults_disk,
    faults_clock,
    faults_versions,
    faults_broken,
)

FAULTS: dict[str, Fault] = {fault.name: fault for family in _FAMILIES for fault in family.FAULTS}
