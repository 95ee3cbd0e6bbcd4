"""osquery's tables, and what a row that came or went in one says.

``table | row added | row removed | what a row is``. Names may be plural or not, and queries are named by people: the
longest table name at the end of the query's name counts, then a table that the columns give away.
Reference: osquery's schema.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Table(NamedTuple):
    """A table, and the event types of its rows."""

    name: str
    added: str
    removed: str
    thing: str


_TABLE = """
process_events      | process.started           | process.started   | command
es_process_events   | process.started           | process.started   | command
bpf_process_events  | process.started           | process.started   | command
process_file_events | file.changed              | file.changed      | file
file_events         | file.changed              | file.changed      | file
socket_events       | network.connection        | network.connection |
bpf_socket_events   | network.connection        | network.connection |
user_events         | auth.login                | auth.login        |
hardware_events     | host.device_attached      | host.device_attached | device
disk_events         | host.device_attached      | host.device_attached | device
yara_events         | alert.raised              | alert.raised      | file
apparmor_events     | access.denied             | access.denied     |
seccomp_events      | access.denied             | access.denied     |
processes           | process.state             | process.stopped   | program
listening_ports     | network.listening         | host.state        | port
process_open_sockets | network.connection       | host.state        |
open_sockets        | network.connection        | host.state        |
kernel_modules      | module.loaded             | host.state        | module
kernel_extensions   | module.loaded             | host.state        | module
crontab             | schedule.created          | schedule.deleted  | schedule
scheduled_tasks     | schedule.created          | schedule.deleted  | schedule
launchd             | service.installed         | service.changed   | service
startup_items       | service.installed         | service.changed   | service
systemd_units       | service.changed           | service.changed   | service
services            | service.changed           | service.changed   | service
users               | account.created           | account.deleted   | user
groups              | account.created           | account.deleted   | group
user_groups         | access.granted            | access.revoked    | group
authorized_keys     | account.credential_changed | account.credential_changed | key
sudoers             | policy.changed            | policy.changed    | rule
iptables            | policy.changed            | policy.changed    | rule
deb_packages        | software.installed        | software.removed  | package
rpm_packages        | software.installed        | software.removed  | package
homebrew_packages   | software.installed        | software.removed  | package
python_packages     | software.installed        | software.removed  | package
npm_packages        | software.installed        | software.removed  | package
programs            | software.installed        | software.removed  | package
apps                | software.installed        | software.removed  | package
chrome_extensions   | software.installed        | software.removed  | package
firefox_addons      | software.installed        | software.removed  | package
mounts              | host.device_attached      | host.device_attached | mount
usb_devices         | host.device_attached      | host.device_attached | device
logged_in_users     | session.opened            | session.closed    |
last                | session.opened            | session.closed    |
shell_history       | process.started           | process.started   | command
docker_containers   | container.started         | container.stopped | container
yara                | alert.raised              | alert.raised      | file
schedule            | service.status            | service.status    | query
osquery_info        | service.status            | service.status    | service
"""
_TABLES = {
    (row := [part.strip() for part in line.split("|")])[0]: Table(row[0], row[1], row[2], row[3])
    for line in _TABLE.strip().splitlines()
}
_BY_LENGTH = sorted(_TABLES, key=len, reverse=True)
EVENTED = frozenset(name for name in _TABLES if name.endswith("_events"))
"""Tables of events: their rows state when they happened."""
_STATE = Table("", "host.state", "host.state", "")
_SIGNS = (
    ("process_events", {"cmdline", "pid", "parent", "time"}),
    ("file_events", {"target_path", "action"}),
    ("socket_events", {"remote_address", "remote_port", "action", "pid"}),
    ("process_open_sockets", {"remote_address", "remote_port", "pid"}),
    ("schedule", {"executions", "last_executed", "interval"}),
    ("osquery_info", {"config_hash", "config_valid", "pid"}),
)
_ROOTKITS = "rootkit"


@lru_cache(maxsize=4096)
def _named(query: str) -> Table | None:
    plain = query.lower().replace("-", "_").replace("/", "_")
    if _ROOTKITS in plain:
        return Table("rootkit", "alert.raised", "alert.changed", "file")
    for name in _BY_LENGTH:
        if f"_{plain}".endswith((f"_{name}", f"_{name.removesuffix('s')}")):
            return _TABLES[name]
    return None


def table_of(query: str, row: Mapping[str, object]) -> Table:
    """The table a query's rows are of."""
    found = _named(query)
    if found is not None:
        return found
    for name, columns in _SIGNS:
        if columns <= row.keys():
            return _TABLES[name]
    return _STATE
