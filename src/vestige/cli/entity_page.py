"""An entity for a person: one line of a list, a page of what is known, and the graph as a tree."""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import Any

from vestige.cli.options import shown

BAR = 30
"""Characters of the longest bar of activity."""
DAYS = 14
"""Days of activity shown to a person: the newest."""
VALUES = 8
TOLD = 8
"""Cuts of a graph told by name."""
WHY = {
    "hub": "it met {count:,} others: shown, not gone through",
    "peers": "{count:,} more it met, beyond the most shown of one",
    "level": "{count:,} more it met, beyond the most of a level",
}


def row_line(row: dict[str, Any]) -> str:
    """One entity on one line."""
    first, last = (_minute(row[name]) for name in ("first_seen", "last_seen"))
    return shown(f"{row['kind']:<8} {row['events']:>10,}  {first:<16}  {last:<16}  {row['value']}")


def page_lines(found: dict[str, Any]) -> list[str]:
    """All that is known of an entity, in sections; what is empty is left out."""
    evidence = found["evidence"]
    lines = [f"{found['kind']} {found['value']}"]
    undated = f", {found['undated']:,} of them undated" if found["undated"] else ""
    lines.append(f"  events       {found['events']:,}{undated}")
    lines += [
        f"  {name + ' seen':<12} {found[f'{name}_seen']}  {evidence[name]}"
        for name in ("first", "last")
        if name in evidence
    ]
    if found["undated"]:
        lines.append(f"  undated      {evidence['undated']}")
    lines.append(f"  seen         {_prevalence(found['prevalence'])}")
    lines.append(f"  its events   vestige search {shlex.quote(found['query'])}")
    lines += _aliases(found["aliases"])
    for name in ("sources", "types", "outcomes"):
        values = [f"{one['value']} {one['events']:,}" for one in found[name][:VALUES]]
        more = len(found[name]) - VALUES
        if values:
            lines.append(f"{name}: {', '.join(values)}{f', and {more} more' if more > 0 else ''}")
    lines += _activity(found["activity"], found["prevalence"]["days"]["met"])
    lines += _related(found)
    return [shown(line) for line in lines]


def graph_lines(found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The graph as a tree, each entity under the one that leads to it; and what is said beside it."""
    nodes = {node["id"]: node for node in found["entities"]}
    edges: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for edge in found["relationships"]:
        edges[edge["from"]][edge["to"]] = edge
        edges[edge["to"]][edge["from"]] = edge
    lines: list[str] = []
    done = {found["center"]}

    def write(one: str, depth: int) -> None:
        node = nodes[one]
        mark = "" if node["through"] or depth == 0 else f"  (met {node['peers']:,})"
        lines.append(shown(f"{'  ' * depth}{node['kind']} {node['value']}{mark}{_met(via.get(one))}"))
        for other in under[one]:
            write(other, depth + 1)

    # Each under the nearer one it met most strongly, so that a tree has all of them once.
    via: dict[str, dict[str, Any]] = {}
    under: dict[str, list[str]] = defaultdict(list)
    for node in sorted(nodes.values(), key=lambda node: node["level"]):
        nearer = [
            (edge["strength"], edge["events"], other)
            for other, edge in edges[node["id"]].items()
            if nodes[other]["level"] == node["level"] - 1
        ]
        if node["id"] not in done and nearer:
            origin = max(nearer)[2]
            via[node["id"]] = edges[node["id"]][origin]
            under[origin].append(node["id"])
            done.add(node["id"])
    write(found["center"], 0)
    between = len(found["relationships"]) - len(via)
    told = [f"{len(nodes)} entities, {len(found['relationships'])} meetings ({between} of them between these; --json)"]
    if "note" in found:
        told.append(str(found["note"]))
    left = found["left_out"]
    for one in left[:TOLD]:
        if one["why"] == "edges":
            told.append(f"left out: {one['count']:,} more meetings between these")
        else:
            told.append(f"left out: {one['kind']} {one['value']}: {WHY[one['why']].format(count=one['count'])}")
    if len(left) > TOLD:
        told.append(f"left out: {len(left) - TOLD} more cuts; --json tells all")
    return lines, told


def _met(edge: dict[str, Any] | None) -> str:
    if edge is None:
        return ""
    span = "" if edge["first_seen"] is None else f", {_span(edge)}"
    return f"  [{edge['events']:,}x{span}, {edge.get('evidence', 'no one event')}]"


def _span(row: dict[str, Any]) -> str:
    first, last = _minute(row["first_seen"]), _minute(row["last_seen"])
    return first if first == last else f"{first} to {last}"


def _minute(stamp: str | None) -> str:
    return "undated" if stamp is None else stamp[:16].replace("T", " ")


def _prevalence(seen: dict[str, dict[str, int]]) -> str:
    days = seen["days"]
    parts = [f"on {days['met']:,} of {days['of']:,} days"]
    parts += [
        f"with {count['met']:,} of {count['of']:,} {'hosts' if kind == 'host' else 'identities'}"
        for kind, count in seen.items()
        if kind != "days" and count["met"]
    ]
    return ", ".join(parts)


def _aliases(found: dict[str, Any]) -> list[str]:
    lines = []
    spellings = found["spellings"]
    if len(spellings) > 1:
        lines.append("spelt: " + ", ".join(f"{one['text']} {one['times']:,}x" for one in spellings[:VALUES]))
    names = found["names"]
    if len(names) > 1:
        lines.append("also called: " + ", ".join(one["value"] for one in names[1:]))
    alike: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for link in found["links"]:
        alike[link["strength"], link["reason"]].append(link)
    for (strength, reason), links in alike.items():
        lines.append(f"  {strength}: {reason}")
        for link in links[:VALUES]:
            shown_by = f"  {link['events']:,}x, {link['evidence']}" if "evidence" in link else ""
            lines.append(f"    {link['one']['value']} ~ {link['other']['value']}{shown_by}")
        if len(links) > VALUES:
            lines.append(f"    and {len(links) - VALUES} more")
    lines += [f"  left out: {one['why']}: {one['count']:,}" for one in found["left_out"]]
    return lines


def _activity(days: list[dict[str, Any]], total: int) -> list[str]:
    if not days:
        return []
    newest = days[:DAYS]
    most = max(one["events"] for one in newest)
    lines = [f"activity: the newest {len(newest)} of {total:,} days" if total > len(newest) else "activity:"]
    for one in newest:
        bar = "█" * max(1, one["events"] * BAR // most)
        lines.append(f"  {one['day']}  {one['events']:>9,}  {bar}")
    return lines


def _related(found: dict[str, Any]) -> list[str]:
    lines = []
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found["related"]:
        by_kind[one["kind"]].append(one)
    for kind, peers in by_kind.items():
        total = found["related_totals"][kind]
        head = f"the {len(peers)} met most of {total:,}" if total > len(peers) else f"{total:,}"
        lines.append(f"with {kind} ({head}):")
        for one in peers:
            shown_by = one["evidence"].get("first", "")
            lines.append(f"  {one['events']:>9,}x  {_span(one):<36}  {shown_by:<28}  {one['value']}")
    if "not_counted" in found:
        lines.append(f"of so many events meetings are told, and not counted is with {', '.join(found['not_counted'])}")
    return lines
