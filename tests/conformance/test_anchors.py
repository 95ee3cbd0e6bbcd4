"""Anchors, the super-log and a second key on both databases: what one does the other does, and both verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.anchoring import Authority, web
from support.bundles import by_product, pack, unzipped
from support.homes import SERVER, TENANT
from support.vouching import OTHER, add, key_of, small
from vestige.anchors import Anchoring, superlog
from vestige.anchors.stamps import read_roots
from vestige.bundles import Selection, Trust, keys_of_text

if TYPE_CHECKING:
    from pathlib import Path

    from support.homes import Home


def test_several_tenants_with_second_keys_are_anchored_and_packed(home: Home, tmp_path: Path) -> None:
    ledger = small(home)
    ledger.create_log(OTHER, SERVER)
    add(ledger, 3, tenant=OTHER)
    superlog.ensure(ledger, SERVER)
    for tenant in (TENANT, superlog.SUPER):
        ledger.add_second_key(tenant)
    authority = Authority(tmp_path / "authority")
    keys = [key_of(ledger, tenant) for tenant in (TENANT, OTHER, superlog.SUPER)]
    with web(tmp_path / "web", [authority], [keys]) as net:
        asking = Anchoring(ledger, net.means([0], [0]))
        reports = asking.run_due([TENANT, OTHER])
        assert [(len(report.made), report.failures) for report in reports] == [(2, [])] * 3
        assert authority.asked == 1
    for tenant in (TENANT, OTHER, superlog.SUPER):
        assert ledger.verify(tenant).ok
    files = unzipped(pack(ledger, Selection((1, 4), {"query": "x"}, {})))
    trust = Trust(keys_of_text(str(keys[0])), roots=read_roots(authority.root))
    assert by_product(files, trust).exit == 0
    home.close()
    again = home.ledger()
    assert Anchoring(again, asking.means).due(OTHER) == [str(net.witnesses[0].key)]
    assert again.verify(TENANT).ok
