"""The layer rule as an import-linter contract: every room has a line, and imports only what its line names.

A line reads ``room: allowed allowed …``; ``*`` allows every room that has a line. A package or module directly under
the root without a line breaks the contract, so a new room must be placed before it can be merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph


class RoomsContract(Contract):
    """Holds direct imports between the root's children to an allow-list."""

    rooms = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - the library's signature
        """Collect every direct import outside the allow-list, and every room without a line or a body."""
        root = self.session_options["root_packages"][0]
        allowed = {}
        for line in self.rooms:  # type: ignore[attr-defined]
            room, _, names = line.partition(":")
            allowed[room.strip()] = set(names.split())
        present = {child.rpartition(".")[2] for child in graph.find_children(root)}
        problems = [f"{root}.{room} has no line: say what it may import" for room in sorted(present - set(allowed))]
        problems += [f"{room} has a line but does not exist" for room in sorted(set(allowed) - present)]
        for module in sorted(graph.modules):
            room = _room(module, root)
            if room is None or room not in allowed or "*" in allowed[room]:
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                target = _room(imported, root)
                if target in {None, room} or target in allowed[room]:
                    continue
                problems.append(
                    f"{module} -> {imported}: {room} may import {' '.join(sorted(allowed[room])) or 'nothing'}"
                )
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per problem."""
        problems: Any = check.metadata["problems"]
        for problem in problems:
            output.print_error(problem, bold=False)


def _room(module: str, root: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == root and len(parts) > 1 else None
