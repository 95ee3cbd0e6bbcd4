"""The ids systemd gives its messages (``MESSAGE_ID``), and what each says.

``id | type | outcome | action``. Reference: systemd's sd-messages.h and message catalog.
"""

from __future__ import annotations

from typing import NamedTuple


class Told(NamedTuple):
    """What a message id says."""

    event_type: str
    outcome: str
    action: str


_TABLE = """
f77379a8490b408bbe5f6940505a777b | service.started     |         | journal started
d93fb3c9c24d451a97cea615ce59c00b | service.stopped     |         | journal stopped
a596d6fe7bfa4994828e72309e95d61e | logging.lost        | failure | messages suppressed
e9bf28e6e834481bb6f48f548ad13606 | logging.lost        | failure | messages missed
0027229ca0644181a76c4e92458afa2e | logging.lost        | failure | messages not forwarded to syslog
ec387f577b844b8fa948f33cad9a75e6 | service.status      |         | journal disk usage
fc2e22bc6ee647b6b90729ab34a250b1 | service.error       | failure | process dumped core
5aadd8e954dc4b1a8c954d63fd9e1137 | service.error       | failure | core file truncated
1f4e0a44a88649939aaea34fc6da8c95 | service.error       | failure | backtrace
8d45620c1a4348dbb17410da57c60c66 | session.opened      | success | session started
3354939424b4456d9802ca8333ed424a | session.closed      |         | session stopped
fcbefc5da23d428093f97c82a9290f7b | service.status      |         | seat available
e7852bfe46784ed0accde04bc864c2d5 | service.status      |         | seat removed
24d8d4452573402496068381a6312df2 | container.started   | success | machine started
58432bd3bace477cb514b56381b8a758 | container.stopped   |         | machine stopped
c7a787079b354eaaa9e77b371893cd27 | host.clock_changed  |         | time changed
45f82f4aef7a4bbf942ce861d1f20990 | host.clock_changed  |         | time zone changed
b07a249cd024414a82dd00cd181378ff | host.started        | success | startup finished
eed00a68ffd84e31882105fd973abdd1 | service.started     | success | user manager started
6bbd95ee977941e497c48be27c254128 | host.stopped        |         | sleep started
8811e6df2a8e40f58a94cea26f8ebf14 | host.started        |         | sleep ended
98268866d1d54a499c4e98921d93bc40 | host.stopped        |         | shutdown
7d4958e842da4a758f6c1cdc7b36dcc5 | service.status      |         | unit starting
39f53479d3a045ac8e11786248231fbf | service.started     | success | unit started
be02cf6855d2428ba40df7e9d022f03d | service.error       | failure | unit failed to start
de5b426a63be47a7b6ac3eaac82e2f6f | service.status      |         | unit stopping
9d1aaa27d60140bd96365438aad20286 | service.stopped     | success | unit stopped
d34d037fff1847e6ae669a370e694725 | service.status      |         | unit reloading
7b05ebc668384222baa8881179cfda54 | service.changed     | success | unit reloaded
5eb03494b6584870a536b337290809b3 | service.status      |         | unit restart scheduled
ae8f7b866b0347b9af31fe1c80b127c0 | service.status      |         | unit resources consumed
7ad2d189f7e94e70a38c781354912448 | service.stopped     | success | unit succeeded
0e4284a0caca4bfc81c0bb6786972673 | service.status      |         | unit skipped
d9b373ed55a64feb8242e02dbe79a49c | service.error       | failure | unit failed
641257651c1b4ec9a8624d7a40a9e1e7 | service.error       | failure | unit process could not be executed
98e322203f7a4ed290d09fe03c09fe15 | process.stopped     |         | unit process exited
fe6faa94e7774663a0da52717891d8ef | service.error       | failure | unit process killed for want of memory
d989611b15e44c9dbf31e3c81256e4ed | service.error       | failure | unit killed for want of memory
1dee0369c7fc4736b7099b38ecb46ee7 | host.device_attached |        | mounted over files
c772d24e9a884cbeb9ea12625c306c01 | service.error       | failure | invalid configuration
b72ea4a2881545a0b50e200e55b9b06f | host.state          |         | lid opened
b72ea4a2881545a0b50e200e55b9b070 | host.state          |         | lid closed
b72ea4a2881545a0b50e200e55b9b071 | host.state          |         | power key pressed
"""


def _read(line: str) -> tuple[str, Told]:
    number, kind, outcome, action = (part.strip() for part in line.split("|"))
    return number, Told(kind, outcome, action)


MESSAGES: dict[str, Told] = dict(map(_read, _TABLE.strip().splitlines()))
