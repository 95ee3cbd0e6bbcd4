"""A session for a person: one line of a list, a page with its turns, and a sum."""

from __future__ import annotations

from typing import Any

from vestige.cli.options import shown

_TEXT = 160
_HOLES = 12
_IDS = 2


def row_line(one: dict[str, Any]) -> str:
    """One session on one line."""
    covered = one["coverage"]["share"]
    coverage = f"{covered:.0%}" if covered is not None else "one source" if one["tool_calls"] else "-"
    files = f"{one['files']} files"
    return shown(
        f"{one['last_seen'][:16]}  {one['agent'] or '?':<12} {one['prompts']:>4} prompts {one['tool_calls']:>5} calls "
        f"{files:>9} {_all(one['tokens']):>13,} tokens  {cost(one['cost']):>12}  {coverage:>10}  {one['id']}"
    )


def sum_line(row: dict[str, Any], name: str) -> str:
    """A sum on one line; of calls alone where that is all it is of."""
    calls = f"{row['tool_calls']:>7} calls ({row['denials']} denied)"
    if "tokens" not in row:
        return shown(f"{row['sessions']:>6} sessions {calls}  {name}")
    taken = f"{_all(row['tokens']):>14,} tokens  {cost(row['cost']):>12}"
    return shown(f"{row['sessions']:>6} sessions {row['prompts']:>6} prompts {calls} {taken}  {name}")


def savings_line(total: dict[str, Any]) -> str:
    """What caching saved, or that nobody knows."""
    saved = total["cache"]
    if saved["net_usd"] is None:
        return "caches saved: unknown, as not every answer that used one has a price"
    gross, extra, net = (float(saved[f"{name}_usd"]) for name in ("gross", "extra", "net"))
    return f"caches saved: ${gross:,.4f} by reading, less ${extra:,.4f} for writing, is ${net:,.4f}"


def lines_line(row: dict[str, Any], name: str) -> str:
    """Whose lines commits added, on one line."""
    classes = ", ".join(f"{kind} {count:,}" for kind, count in row["classes"].items())
    share = "no line" if row["ai_share"] is None else f"{row['ai_share']:.1%} agents'"
    unsealed = f", {row['unsealed']} not sealed yet" if row["unsealed"] else ""
    return shown(f"{row['commits']:>6} commits{unsealed} {row['lines']:>9,} lines  {share} ({classes})  {name}")


def cost(found: dict[str, Any]) -> str:
    """What it cost; where a model has no price, what is known and a plus, or that nothing is."""
    if found["usd"] is not None:
        return f"${float(found['usd']):,.4f}"
    priced = float(found["priced_usd"])
    return f"${priced:,.4f} + ?" if priced else "no price"


def page_lines(found: dict[str, Any]) -> list[str]:
    """All that is known of a session, in sections."""
    tokens = ", ".join(f"{name} {count:,}" for name, count in found["tokens"].items() if count)
    lines = [
        f"session {found['id']}",
        f"  agent       {', '.join(found['agents']) or 'unknown'}  {', '.join(found['models'])}",
        f"  repository  {found['repository'] or ', '.join(found['directories']) or 'not told'}",
        f"  seen        {found['first_seen']} to {found['last_seen']}, {found['events']:,} events",
        f"  did         {_did(found)}",
        f"  tokens      {tokens or 'none told'}{' (' + found['tokens_of'] + ')' if found['tokens_of'] else ''}",
        f"  cost        {cost(found['cost'])} ({found['cost']['prices']})",
        *(f"              no price of {one['model'] or 'no model'}: {one['reason']}"
          for one in found["cost"].get("unpriced", ())),
        f"  coverage    {_coverage(found['coverage'])}",
        f"  sealed      {_sealed(found)}",
        *_amended(found),
        f"  its events  vestige search '{found['query']}'",
    ]  # fmt: skip
    if found["changed"]:
        lines.append("files:")
        lines += [f"  {_lines(one)} {one['path']}" for one in found["changed"]]
    if found["commits"]:
        lines.append(f"commits: {', '.join(one['commit'] for one in found['commits'])}")
    if found["software"]:
        lines.append("ran: " + ", ".join(f"{one['program']} {one['calls']}" for one in found["software"][:20]))
    for turn in found["turns"]:
        prompt = turn.get("prompt")
        open_ = "" if turn["sealed"] else " (not sealed yet)"
        said = f"> {prompt['text'][:_TEXT]}  [{_evidence(prompt)}]" if prompt else "before any prompt:"
        lines.append(f"{said}{open_}")
        lines += [f"    {_item(item)}" for item in turn["items"]]
    if found["holes"]:
        lines.append(f"missing ({found['coverage']['holes']}):")
        lines += [f"  {one['reason']}: {one['detail']}{' ' + one['use'] if one.get('use') else ''}"
                  for one in found["holes"][:_HOLES]]  # fmt: skip
    return [shown(line) for line in lines]


def _sealed(found: dict[str, Any]) -> str:
    if found["sealed"] == "none":
        return "not yet"
    seal = found["seal"]
    return f"{'all' if found['sealed'] == 'all' else 'in part'}, {seal['entries']:,} entries by {seal['id']}"


def _amended(found: dict[str, Any]) -> list[str]:
    """What the seal came to by prices that became known later, each a line."""
    return [
        f"              amended by {one['id']}: {_sum(one['before'])} became {_sum(one['after'])} "
        f"({one['after']['prices']})"
        for one in found.get("seal", {}).get("amendments", ())
    ]


def _sum(said: dict[str, str]) -> str:
    return f"${said['cost_usd']}" if "cost_usd" in said else "no price"


def _did(found: dict[str, Any]) -> str:
    told = (("prompts", "prompts"), ("tool_calls", "calls"), ("files", "files changed"), ("commands", "commands"),
            ("denials", "denied"), ("errors", "errors"))  # fmt: skip
    return ", ".join(f"{found[name]:,} {words}" for name, words in told)


def _item(item: dict[str, Any]) -> str:
    kind = item["type"].removeprefix("agent.")
    state = "denied" if item.get("denied") else item.get("outcome", "")
    edits = "".join(
        f" {_lines(edit)} {edit['path']}" for edit in item.get("edits", ()) if edit.get("outcome") == "success"
    )
    return f"{kind:<16} {state:<8} {item.get('text', '')[:_TEXT]}{edits}  [{_evidence(item)}]"


def _evidence(item: dict[str, Any]) -> str:
    return ", ".join(f"{name} {' '.join(ids[:_IDS])}" for name, ids in item["evidence"].items())


def _lines(edit: dict[str, Any]) -> str:
    added, removed = edit.get("lines_added"), edit.get("lines_removed")
    return f"+{'?' if added is None else added} -{'?' if removed is None else removed}"


def _coverage(found: dict[str, Any]) -> str:
    by = ", ".join(f"{name} {count}" for name, count in found["by"].items())
    if found["share"] is None:
        return f"unknown: {found['reason']} ({by or 'no call'} of {found['calls']} calls)"
    return f"{found['share']:.1%} of {found['calls']} calls told by all ({by}); {found['holes']} holes"


def _all(tokens: dict[str, int]) -> int:
    names = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    return sum(tokens[name] for name in names)
