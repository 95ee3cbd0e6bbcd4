"""The third part of ``verify.py``: whom to trust."""

from __future__ import annotations

import json
import os
import re

from vestige.bundles.offline.formats import Bad, Key, Note, Second

# -- whom to trust ----------------------------------------------------------------------------------------------------


class Trust:
    """Keys and policy of whoever verifies."""

    def __init__(self, keys: list[str], policy: str | None) -> None:
        self.keys: list[Key] = []
        self.last_good: dict[str, int] = {}
        self.seconds: list[Second] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum = ""
        for text in keys:
            self.add_keys(text)
        for line in read_text(policy).splitlines() if policy else []:
            words = line.split()
            if words and not words[0].startswith("#"):
                self.add_line(words)

    def add_keys(self, text: str) -> None:
        """A key, or the name of a file of keys, a line each."""
        if os.path.exists(text):  # noqa: PTH110 - a path as given
            text = read_text(text)
        before = len(self.keys)
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                said = json.loads(line) if line.lstrip().startswith("{") else {"vkey": line.split()[0]}
                word = said["vkey"]
                self.seconds += [Second(str(said["second"]))] if "second" in said else []
                self.keys.append(Key(str(word)))
                bad = re.search(r"(?:, compromised above size |\"last_good_size\": ?)(\d{1,16})", line)
                if bad:
                    self.last_good[str(word)] = int(bad[1])
        if len(self.keys) == before:
            raise Bad("there is no verifier key", "name+id+base64", text[:60])

    def add_line(self, words: list[str]) -> None:
        """A line of a policy: c2sp.org/tlog-policy."""
        kind, rest = words[0], words[1:]
        known = {*self.witnesses, *self.groups}
        if kind == "log" and 1 <= len(rest) <= 2:
            self.keys.append(Key(rest[0]))
        elif kind == "witness" and 2 <= len(rest) <= 3 and rest[0] not in known | {"none"}:
            self.witnesses[rest[0]] = Key(rest[1], 4)
        elif kind == "group" and len(rest) >= 3 and rest[0] not in known | {"none"} and set(rest[2:]) <= known:
            needed = {"any": 1, "all": len(rest) - 2}.get(rest[1]) or int(rest[1])
            if not 1 <= needed <= len(rest) - 2 or len(set(rest[2:])) < len(rest) - 2:
                raise Bad("a group that cannot be", "", " ".join(words)[:80])
            self.groups[rest[0]] = (needed, rest[2:])
        elif kind == "quorum" and len(rest) == 1 and rest[0] in known | {"none"}:
            self.quorum = "" if rest[0] == "none" else rest[0]
        else:
            raise Bad("not a line of a policy", "log, witness, group, quorum", " ".join(words)[:80])

    def satisfied(self, note: Note) -> bool:
        """Whether the quorum cosigned."""
        met = {name: note.cosigned(key) for name, key in self.witnesses.items()}
        for name, (needed, members) in self.groups.items():
            met[name] = sum(met[member] for member in members) >= needed
        return not self.quorum or met[self.quorum]


def read_text(path: str) -> str:
    """A small file."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a path as given
        return file.read(1 << 20)
