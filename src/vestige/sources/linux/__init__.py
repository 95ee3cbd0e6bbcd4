"""What a host's own recorders write: the audit trail, the journal, container logs, host sensors."""

from vestige.sources.contract import Format
from vestige.sources.linux.auditd import FORMAT as AUDITD
from vestige.sources.linux.cri import FORMAT as CRI
from vestige.sources.linux.docker_json import FORMAT as DOCKER_JSON
from vestige.sources.linux.dpkg import FORMAT as DPKG
from vestige.sources.linux.falco import FORMAT as FALCO
from vestige.sources.linux.falco_text import FORMAT as FALCO_TEXT
from vestige.sources.linux.journald_export import FORMAT as JOURNALD_EXPORT
from vestige.sources.linux.journald_json import FORMAT as JOURNALD_JSON
from vestige.sources.linux.logcat import FORMAT as LOGCAT
from vestige.sources.linux.osquery import FORMAT as OSQUERY
from vestige.sources.linux.santa import FORMAT as SANTA
from vestige.sources.linux.shell_history import FORMAT as SHELL_HISTORY
from vestige.sources.linux.utmp import FORMAT as UTMP

FORMATS: tuple[Format, ...] = (
    AUDITD, JOURNALD_JSON, JOURNALD_EXPORT, CRI, DOCKER_JSON, FALCO, FALCO_TEXT, OSQUERY, SANTA, DPKG,
    LOGCAT, UTMP, SHELL_HISTORY,
)  # fmt: skip
