"""Recompute a log's root from its entries, with nothing but the standard library.

usage: root_from_entries.py http://127.0.0.1:8080 TOKEN
"""

import base64
import hashlib
import sys
import urllib.request


if len(sys.argv) != 3:
    sys.exit(__doc__.strip().splitlines()[-1])


def get(path):
    request = urllib.request.Request(
        f"{sys.argv[1]}/v1/ledger/{path}", headers={"Authorization": f"Bearer {sys.argv[2]}"}
    )
    with urllib.request.urlopen(request) as response:
        return response.read()


def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(hashes[:split]) + root(hashes[split:])).digest()


size = int(get("checkpoint").split(b"\n")[1])
leaves = []
for tile in range((size + 255) // 256):
    width = min(256, size - tile * 256)
    path = (
        "".join(f"x{part}/" for part in [f"{tile:09}"[i : i + 3] for i in (0, 3)] if tile >= 1000) + f"{tile % 1000:03}"
    )
    data = get(f"tile/entries/{path}" + (f".p/{width}" if width < 256 else ""))
    while data:
        length = int.from_bytes(data[:2], "big")
        leaves.append(hashlib.sha256(b"\x00" + data[2 : 2 + length]).digest())
        data = data[2 + length :]
print(base64.b64encode(root(leaves)).decode())
