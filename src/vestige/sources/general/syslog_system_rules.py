r"""The messages of the system's own services, in the form of :mod:`vestige.sources.general.syslog_rules`.

Sources: systemd's messages, the kernel's, rsyslog, sysklogd, anacron, ISC dhclient and dhcpd, NetworkManager, polkit,
dbus, BIND, postfix, dovecot, vsftpd, chrony, ntpd, yum and dnf, fail2ban, auditd.
"""

# ruff: noqa: E501 - rules of a table, one a line
from __future__ import annotations

SYSTEMD = r"""
host.started | success | Startup finished | Startup finished in .*
host.stopped | | Shutting down | Shutting down\.?
host.clock_changed | | Time has been changed | Time has been changed
service.status | | {how} | (?P<how>Starting|Stopping|Reloading) <what*>\.\.\.
service.status | | {how} target | (?P<how>Reached|Stopped) target <what*>\.?
service.status | | {how} | (?P<how>Created|Removed) slice <what*>\.?
service.started | | Listening | Listening on <what*>\.?
service.stopped | | Closed | Closed <what*>\.?
host.device_attached | | {how} | (?P<how>Mounted|Unmounted) <device*>\.?
service.changed | success | Reloaded | Reloaded <what*>\.?
service.status | | skipped | Condition check resulted in <what*> being skipped\.
service.stopped | success | {how} | (?P<what>\S+): (?P<how>Succeeded|Deactivated successfully)\.
service.error | failure | Main process exited | (?P<what>\S+): (?:Main|Control|Start-pre) process exited, (?P<reason>.*)
service.error | failure | entered failed state | Unit (?P<what>\S+) entered failed state\.
service.status | | {how} | (?P<what>\S+): (?P<how>Scheduled restart job|Service RestartSec|Consumed|Sent signal|Killing
  process|Changed dead|Got notification|Triggering|Current command vanished|Found left-over|Service hold-off).*
service.error | failure | A process was killed | (?P<what>\S+): A process of this unit has been killed by the OOM killer\.
service.status | | Reloading | Reloading(?: requested.*)?\.?
service.status | | detected | (?:Detected (?:virtualization|architecture) .*|systemd \d+.* running in .*|Set hostname to .*)
"""

LOGIND = r"""
host.stopped | | {how} | (?P<how>System is (?:powering down|rebooting|halting)|The system will (?:power off|reboot|halt) now!?).*
service.status | | seat | (?:New seat|Removed seat) <what*>\.
host.device_attached | | Watching | Watching system buttons on <device*>
"""

COREDUMP = r"""
service.error | failure | dumped core | Process (?P<id>\d+) \((?P<what>[^)]*)\) of user (?P<uid>\d+) dumped core\..*
"""

SHUTDOWN = r"""
host.stopped | | shutting down | shutting down for .*
"""

KERNEL = r"""
host.started | success | Linux version | Linux version <reason*>
process.stopped | failure | killed for want of memory | Out of memory: Kill(?:ed)? process (?P<id>\d+) \((?P<program>[^)]*)\).*
host.error | failure | oom-killer | <what> invoked oom-killer: .*
service.error | failure | segfault | (?P<what>\S+?)\[\d+\]: segfault at .*
service.error | failure | trap | traps: (?P<what>\S+?)\[\d+\] .*
host.error | failure | Kernel panic | Kernel panic.*
host.error | failure | {what} | (?:print_req_error: |mce: )?(?P<what>EXT4-fs error|Buffer I/O error|I/O error|blk_update_request: I/O error|BUG|Machine check|\[Hardware Error\]).*
host.error | failure | XFS | XFS \((?P<device>\S+)\): (?:Corruption|Metadata corruption|Internal error|log I/O error).*
host.device_attached | | USB device found | usb (?P<device>\S+): New USB device found, .*
host.device_attached | | USB disconnect | usb (?P<device>\S+): USB disconnect.*
host.device_attached | | mounted | \S+ \((?P<device>\S+)\): (?:mounted filesystem|Mounting|Ending clean mount|unmounting).*
host.device_attached | | Attached | \S+ \S+ \[(?P<device>\w+)\] Attached .*
module.loaded | | module | (?P<module>\S+): (?:loading out-of-tree module|module verification failed|module license).*
alert.raised | | promiscuous mode | device (?P<device>\S+) entered promiscuous mode
alert.raised | | promiscuous mode | (?P<device>\S+): entered promiscuous mode
network.anomaly | | SYN flooding | (?:request_sock_)?TCP: .*Possible SYN flooding on port .*
network.anomaly | | martian | (?:IPv4: )?martian (?:source|destination) <dst>\s+from <ip>, .*
host.state | | link {how} | (?P<device>\S+?):? .*[Ll]ink (?:is )?(?P<how>[Uu]p|[Dd]own|becomes ready).*
process.stopped | | terminated | init: <program*> main process \((?P<id>\d+)\) (?:killed|terminated) .*
logging.changed | | kernel log | (?:imklog .*|Kernel logging \(proc\) stopped\.)
"""

RSYSLOG = r"""
service.started | | started | (?:rsyslogd: )?\[origin software=[^\]]*\] (?:\(re\))?start
service.stopped | | exiting | (?:rsyslogd: )?\[origin software=[^\]]*\] exiting on signal.*
service.status | | HUPed | (?:rsyslogd: )?\[origin software=[^\]]*\] rsyslogd was HUPed.*
logging.lost | failure | lost messages | (?:imuxsock|imjournal|action|main).*(?:lost|begin to drop|discard).*
service.started | | restart | (?:syslogd )?[\d.#]+:? restart(?: .*)?\.?
service.stopped | | exiting | [Ee]xiting on signal \d+
service.status | | mark | -- MARK --
service.status | | privileges | rsyslogd's (?:groupid|userid) changed to \d+
"""

ANACRON = r"""
service.started | | started | Anacron \S+ started on \S+
service.stopped | success | Normal exit | Normal exit \(\d+ jobs? run\)
schedule.ran | | Job {how} | Job [`'\"](?P<command>[^'\"]+)['\"] (?P<how>started|terminated)(?: .*)?
service.status | | will run | (?:Will run job|Jobs will be executed|Updated timestamp for job).*
"""

DHCP = r"""
network.dhcp | | {act} | (?P<act>DHCP[A-Z]+)(?: of \S+)? on (?P<device>\S+) to (?P<dst>[\d.]+) port (?P<dport>\d+).*
network.dhcp | success | {act} | (?P<act>DHCPACK|DHCPOFFER)(?: of (?P<lease>\S+))? from <ip>.*
network.dhcp | failure | {act} | (?P<act>DHCPNAK|DHCPDECLINE).*
network.dhcp | success | bound | bound to (?P<lease>\S+) -- renewal in \d+ seconds\.
network.dhcp | success | {act} | (?P<act>DHCPACK|DHCPOFFER) on (?P<lease>\S+) to (?P<device>\S+).*
network.dhcp | | {act} | (?P<act>DHCP[A-Z]+) .*
network.dhcp | failure | no lease | No DHCPOFFERS received\..*|No working leases.*
network.dhcp | | {act} | (?P<act>XMT|RCV): .*
"""

NETWORK_MANAGER = r"""
network.dhcp | | dhcp | <(?P<level>\w+)>\s+(?:\[[\d.]+\] )?dhcp[46] \((?P<device>[^)]*)\): .*
host.state | | state change | <(?P<level>\w+)>\s+(?:\[[\d.]+\] )?(?:device )?\((?P<device>[^)]*)\): (?:device )?state change: .*
host.state | success | activated | <(?P<level>\w+)>\s+(?:\[[\d.]+\] )?(?:device )?\((?P<device>[^)]*)\): Activation: successful.*
host.state | | state | <(?P<level>\w+)>\s+(?:\[[\d.]+\] )?manager: NetworkManager state is now (?P<reason>.*)
host.state | | audit | <(?P<level>\w+)>\s+(?:\[[\d.]+\] )?audit: op=\"(?P<act>[^\"]*)\".*
service.status | | {level} | <(?P<level>\w+)>\s+.*
"""

POLKIT = r"""
auth.privilege_used | success | authenticated | Operator of \S+ successfully authenticated as unix-user:(?P<target>\S+) to
  gain \S+ authorization for action (?P<act>\S+) for .*\(owned by unix-user:(?P<user>\S+?)\).*
auth.privilege_refused | failure | FAILED to authenticate | Operator of \S+ FAILED to authenticate to gain authorization
  for action (?P<act>\S+) for .*\(owned by unix-user:(?P<user>\S+?)\).*
session.opened | | Registered Authentication Agent | Registered Authentication Agent for .*
session.closed | | Unregistered Authentication Agent | Unregistered Authentication Agent for .*
service.status | | polkit | (?:Loading rules|Finished loading|Acquired the name|Started polkitd|Reloading rules).*
"""

PKEXEC = r"""
auth.privilege_used | success | Executing command | <user>: Executing command \[USER=(?P<target>[^\]]{0,64})\] \[TTY=(?P<tty>[^\]]{0,64})\]
  \[CWD=[^\]]{0,4096}\] \[COMMAND=(?P<command>.*)\]
auth.privilege_refused | failure | Not authorized | <user>: Error executing command as another user: <reason*>
  \[USER=(?P<target>[^\]]{0,64})\] \[TTY=(?P<tty>[^\]]{0,64})\] \[CWD=[^\]]{0,4096}\] \[COMMAND=(?P<command>.*)\]
"""

DBUS = r"""
service.status | | Activating | (?:\[\S+(?: \S+)?\] )?Activating (?:via systemd: )?service name='(?P<what>[^']+)'.*
service.started | success | activated | (?:\[\S+(?: \S+)?\] )?Successfully activated service '(?P<what>[^']+)'.*
service.error | failure | Failed to activate | (?:\[\S+(?: \S+)?\] )?Failed to activate service '(?P<what>[^']+)'.*
service.error | failure | Activated service failed | (?:\[\S+(?: \S+)?\] )?Activated service '(?P<what>[^']+)' failed.*
access.denied | failure | Rejected | (?:\[\S+(?: \S+)?\] )?Rejected send message, .*
service.changed | | Reloaded | (?:\[\S+(?: \S+)?\] )?Reloaded configuration
"""

POSTFIX = r"""
network.connection | | connect | connect from (?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\](?::(?P<port>\d+))?
network.connection | | disconnect | (?:disconnect|lost connection after \S+|timeout after \S+) from
  (?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\].*
network.connection | | connect | CONNECT from \[(?P<ip>[^\]]*)\]:(?P<port>\d+) to \[(?P<dst>[^\]]*)\]:(?P<dport>\d+)
auth.login_failed | failure | SASL authentication failed | warning: (?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\]: SASL <method>
  authentication failed.*?(?:, sasl_username=(?P<user>\S+))?
auth.login | success | SASL login | (?P<mail>\w+): client=(?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\], sasl_method=(?P<method>\w+),
  sasl_username=(?P<user>\S+)
network.email | | received | (?P<mail>\w+): client=(?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\].*
network.denied | failure | reject | (?P<mail>\w+): (?:milter-)?reject: \S+ from (?P<claimed>[^\[]*)\[(?P<ip>[^\]]*)\].*
network.email | success | sent | (?P<mail>\w+): to=<(?P<target>[^>]*)>,.* status=(?P<how>sent).*
network.email | failure | {how} | (?P<mail>\w+): to=<(?P<target>[^>]*)>,.* status=(?P<how>bounced|deferred|expired|undeliverable).*
network.email | | queued | (?P<mail>\w+): from=<(?P<user>[^>]*)>, size=\d+.*
network.email | | message-id | (?P<mail>\w+): (?:message-id=|uid=\d+ from=|resent-message-id=).*
network.email | | removed | (?P<mail>\w+): (?:removed|sender non-delivery notification: \w+)
service.started | | started | daemon started -- version .*
service.stopped | | stopping | (?:stopping the Postfix mail system|terminating on signal \d+)
service.status | | statistics | statistics: .*
"""

DOVECOT = r"""
auth.login | success | Login | <service>-login: Login: user=<(?P<user>[^>]*)>, method=(?P<method>[\w-]+), rip=(?P<ip>[^,\s]{1,64}),
  lip=(?P<dst>[^,\s]+)(?:, .*)?
auth.login_failed | failure | auth failed | <service>-login: (?:Disconnected|Aborted login|Login aborted)[^(]*\([^)]{0,200}auth
  failed[^)]{0,200}\):(?: \([^)]*\):)? (?:user=<(?P<user>[^>]*)>, )?(?:method=(?P<method>[\w-]+), )?rip=(?P<ip>[^,\s]{1,64}), lip=(?P<dst>[^,\s]+)(?:, .*)?
auth.probe | | no attempt | <service>-login: (?:Disconnected|Aborted login|Login aborted).*rip=(?P<ip>[^,\s]{1,64}), lip=(?P<dst>[^,\s]+)(?:, .*)?
auth.logout | | {how} | (?P<service>imap|pop3|lmtp|managesieve)\((?P<user>[^)<]*)\)(?:<[^>]*><[^>]*>)?:
  (?P<how>Logged out|Disconnected|Connection closed).*
service.started | | starting | master: Dovecot v\S+ .*starting up.*
service.stopped | | terminated | master: Warning: Killed with signal.*
"""

NAMED = r"""
network.dns | | query | client (?:@\S+ )?(?P<ip>\S+?)#(?P<port>\d+)(?: \([^)]*\))?:(?: view \S+:)? query: (?P<domain>\S+)
  IN (?P<record>\S+) .*
access.denied | failure | query denied | client (?:@\S+ )?(?P<ip>\S+?)#(?P<port>\d+)(?: \([^)]*\))?:(?: view \S+:)? query
  (?:\(cache\) )?'(?P<domain>[^'/]+)[^']*' denied.*
access.denied | failure | {how} denied | client (?:@\S+ )?(?P<ip>\S+?)#(?P<port>\d+)(?: \([^)]*\))?:(?: view \S+:)?
  (?P<how>update|zone transfer) '(?P<domain>[^']+)' denied.*
network.dns | success | zone transfer | client (?:@\S+ )?(?P<ip>\S+?)#(?P<port>\d+)(?: \([^)]*\))?:(?: view \S+:)? transfer of
  '(?P<domain>[^']+)': .*
service.started | | running | (?:running|starting BIND .*)
service.stopped | | exiting | (?:exiting|shutting down.*)
service.changed | | zone loaded | zone (?P<domain>\S+?)(?:/\S+)?: loaded serial \d+.*
network.anomaly | failure | unresolved | (?:network unreachable|lame server|FORMERR|connection refused|host unreachable) resolving
  '(?P<domain>[^'/]+)[^']*'.*
"""

FTP = r"""
auth.login | success | OK LOGIN | \[(?P<user>[^\]]*)\] OK LOGIN: Client \"(?P<ip>[^\"]*)\".*
auth.login_failed | failure | FAIL LOGIN | \[(?P<user>[^\]]*)\] FAIL LOGIN: Client \"(?P<ip>[^\"]*)\".*
network.connection | | CONNECT | CONNECT: Client \"(?P<ip>[^\"]*)\".*
file.transferred | success | {how} | \[(?P<user>[^\]]*)\] OK (?P<how>DOWNLOAD|UPLOAD): Client \"(?P<ip>[^\"]*)\",
  \"(?P<file>[^\"]*)\".*
file.transferred | failure | {how} | \[(?P<user>[^\]]*)\] FAIL (?P<how>DOWNLOAD|UPLOAD): Client \"(?P<ip>[^\"]*)\",
  \"(?P<file>[^\"]*)\".*
"""

CLOCK = r"""
host.clock_changed | | stepped | (?:System clock was stepped by|time reset|step time server|System clock wrong by|Initial
  clock) ?<reason*>
service.status | | source | (?:Selected source|Source \S+ (?:online|offline|replaced)|synchronized to|Can't synchronise|adjust
  time server|Synchronized to time server|Timed out waiting) ?.*
service.started | | starting | (?:chronyd version|ntpd \S+).* starting.*
service.stopped | | exiting | (?:chronyd exiting|ntpd exiting on signal).*
"""

PACKAGES = r"""
software.installed | success | Installed | Installed: (?P<package>.*)
software.updated | success | Updated | (?:Updated|Upgraded|Downgraded|Reinstalled): (?P<package>.*)
software.removed | success | Erased | (?:Erased|Removed): (?P<package>.*)
"""

FAIL2BAN = r"""
network.denied | failure | Ban | (?:[A-Z]+\s+)?\[(?P<jail>[^\]\[]+)\] (?:Restore )?Ban <ip>
policy.changed | success | Unban | (?:[A-Z]+\s+)?\[(?P<jail>[^\]\[]+)\] Unban <ip>
auth.check_failed | failure | Found | (?:[A-Z]+\s+)?\[(?P<jail>[^\]\[]+)\] Found <ip>.*
"""

AUDITD = r"""
service.started | success | Init complete | Init complete, auditd \S+ listening for events.*
logging.disabled | | exiting | The audit daemon is exiting\.
logging.changed | | Audit daemon | Audit daemon (?:rotating log files|is low on disk space.*|has no space left.*|is suspending.*)
"""

FALCO = r"""
alert.raised | | {level} | (?:\d\d:\d\d:\d\d\.\d+: )?(?P<level>Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug)
  (?P<reason>.*)
"""

BY_PROGRAM = {
    "systemd": SYSTEMD,
    "systemd-logind": LOGIND,
    "systemd-coredump": COREDUMP,
    **dict.fromkeys(("shutdown", "systemd-shutdown"), SHUTDOWN),
    "kernel": KERNEL,
    **dict.fromkeys(("rsyslogd", "syslogd", "rsyslogd0"), RSYSLOG),
    "anacron": ANACRON,
    **dict.fromkeys(("dhclient", "dhcpd", "dhcpcd", "dnsmasq-dhcp"), DHCP),
    "NetworkManager": NETWORK_MANAGER,
    **dict.fromkeys(("polkitd", "polkit-agent-helper-1"), POLKIT),
    "pkexec": PKEXEC,
    **dict.fromkeys(("dbus", "dbus-daemon", "dbus-broker"), DBUS),
    **dict.fromkeys(
        (
            "smtpd",
            "smtp",
            "qmgr",
            "cleanup",
            "pickup",
            "bounce",
            "local",
            "virtual",
            "lmtp",
            "anvil",
            "postscreen",
            "pipe",
        ),
        POSTFIX,
    ),
    **dict.fromkeys(("master", "postfix-script"), POSTFIX),
    "dovecot": DOVECOT,
    "named": NAMED,
    "vsftpd": FTP,
    **dict.fromkeys(("chronyd", "ntpd", "ntpdate", "systemd-timesyncd"), CLOCK),
    **dict.fromkeys(("yum", "dnf", "packagekitd"), PACKAGES),
    **dict.fromkeys(("fail2ban.actions", "fail2ban.filter", "fail2ban-server", "fail2ban"), FAIL2BAN),
    "auditd": AUDITD,
    "falco": FALCO,
}
"""Tables by the plain name of the program that speaks; tried after those of the sign-in programs."""
