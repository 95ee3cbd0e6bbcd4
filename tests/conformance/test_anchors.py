"""Anchors, the super-log and a second key on both databases: what one does the other does, and both verify."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.anchoring import Authority, web
from support.bundles import by_product, pack, unzipped
from support.homes import SERVER, TENANT
from support.vouching import OTHER, add, key_of, small
from vestige.anchors import Anchoring, superlog
from vestige.anchors.stamps import read_roots
from vestige.app.anchoring import LEASE
from vestige.bundles import Selection, Trust, keys_of_text
from vestige.jobs import LostTurnError, alone
from vestige.model.errors import BusyError

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


def test_the_lease_over_showing_logs_is_one_for_all_nodes_on_both_databases(home: Home) -> None:
    """Its row is nobody's: no tenant's transaction sees it where rows are kept apart."""
    home.ledger()
    one, two = home.db(), home.db()
    with alone(one, superlog.SUPER, LEASE, 30.0) as turn:
        with pytest.raises(BusyError, match="lease"), alone(two, superlog.SUPER, LEASE, 30.0):
            pass
        with one.write(superlog.SUPER) as connection:
            turn.hold(connection)
        with two.write(superlog.SUPER) as connection:
            connection.exec_driver_sql("UPDATE jobs SET lease_until = 0 WHERE name = 'anchoring'")
        with alone(two, superlog.SUPER, LEASE, 30.0):
            pass
        with pytest.raises(LostTurnError), one.write(superlog.SUPER) as connection:
            turn.hold(connection)
