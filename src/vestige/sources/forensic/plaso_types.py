"""What plaso's artefacts are in the vocabulary's words: by ``data_type``, refined by ``timestamp_desc``.

plaso makes one event of each time an artefact holds, and names that time; so what happened is told by both. A line of
the table is a data type (``*`` at its end: also every longer one), its event type, and the event types of single
descriptions where those differ. Outputs without a data type (dynamic, l2tcsv) name the parser: the second table leads
from it to a data type, by the longest beginning.

References: plaso/data/timeliner.yaml (data types and their times), plaso/lib/definitions.py (descriptions),
docs/sources/user/Parsers-and-plugins.
"""

from __future__ import annotations

from functools import lru_cache

from vestige.model.vocabulary import VOCABULARY

_DESCRIPTIONS = {
    "M": "Content Modification Time;Modification Time;File Last Modification Time;Document Last Save Time"
    ";Write time;Write Time;Item Modification Time;Content Modification;Last Written Time;Last Updated Time;mtime",
    "A": "Last Access Time;Access Time;Last Used Time;Used Time;Last Printed Time;Document Last Printed Time"
    ";First Access Time;Last Opened Time;atime",
    "C": "Metadata Modification Time;Change Time;Entry Modification Time;Attribute Change Time;Added Time;Backup Time"
    ";ctime",
    "B": "Creation Time;Document Creation Time;Item Creation Time;Content Creation Time;File Created;crtime",
    "D": "Content Deletion Time;Deletion Time;File Deleted;Last Deletion Time",
    "V": "Last Visited Time;Visited Time;Page Visited;Last Typed Time",
    "W": "Downloaded Time;File Downloaded",
    "R": "Last Time Executed;Previous Last Time Executed;Launch Time;Last Run Time",
    "S": "Start Time",
    "E": "End Time;Exit Time",
    "I": "Installation Time;Time of installation",
    "X": "Expiration Time;Target Creation Time;Volume Creation Time;Link Time;Compile Time;Post Check Time"
    ";Scheduled to start;Scheduled to end",
    "L": "Last Login Time",
    "P": "Last Password Set Time",
    "G": "Registry Last Written Time",
}
_CODES = {text: code for code, texts in _DESCRIPTIONS.items() for text in texts.split(";")}

_TABLE = """
fs:*                                file.attributes_changed M=file.changed A=file.read B=file.created D=file.deleted
fs:ntfs:usn_change                  file.attributes_changed
macos:fseventsd:record              file.changed
macos:document_versions:file        file.changed B=file.created
windows:file_history:*              file.changed B=file.created
windows:lnk:link                    file.read M=file.changed B=file.created
windows:shell_item:file_entry       file.read M=file.changed B=file.created
windows:metadata:deleted_item       file.deleted
olecf:*                             file.changed A=file.read B=file.created
olecf:dest_list:entry               file.read
openxml:metadata                    file.changed A=file.read B=file.created
spotlight:metadata_item             file.changed A=file.read B=file.created C=file.attributes_changed W=browser.downloaded
spotlight_searched_terms:entry      data.read
spotlight_volume_configuration:*    resource.created
pe_coff:*                           artifact.dated
pe:*                                artifact.dated
plist:key                           file.changed
viminfo:history                     file.read
zeitgeist:activity                  file.read
kodi:videos:viewing                 file.read
dropbox:*                           file.changed B=file.created
gdrive:*                            file.changed B=file.created
networkminer:*                      file.transferred
p2p:bittorrent:*                    file.transferred
skype:event:transferfile            file.transferred
windows:volume:creation             resource.created
windows:restore_point:info          resource.created
macos:time_machine:backup           resource.created
docker:layer:configuration          resource.created
docker:container:configuration      container.started E=container.stopped
windows:distributed_link_tracking:* artifact.dated
windows:evtx:record                 windows
windows:evt:record                  windows
windows:prefetch:execution          process.started
windows:pca_log:entry               process.started
windows:timeline:*                  process.started
windows:tasks:job                   schedule.ran
windows:tasks:trigger               artifact.dated
task_scheduler:task_cache:entry     schedule.changed R=schedule.ran
windows:firewall_log:entry          network
macos:appfirewall_log:entry         network
windows:push_notification:*         service.status
macos:notification_center:*         service.status
windows:diagnosis:eventtranscript   service.status
windows:srum:application_usage      process.state
windows:srum:*                      network.statistics
windows:user_access_logging:*       host.state
windows:user_access_logging:clients network.connection
windows:user_access_logging:dns     network.dns
windows:registry:*                  registry.changed
windows:registry:userassist         process.started
windows:registry:bam                process.started
windows:registry:appcompatcache     process.started M=file.changed G=registry.changed
windows:registry:amcache            file.changed B=file.created I=software.installed
windows:registry:amcache:programs   software.installed
windows:registry:installation       software.installed
windows:registry:sam_users          account.changed L=auth.login P=account.credential_changed
windows:registry:shutdown           host.stopped
windows:registry:usb                host.device_attached
windows:registry:usbstor:*          host.device_attached
windows:registry:network            network.connection
windows:registry:typedurls          browser.visited
winrar:history                      registry.changed
ccleaner:*                          registry.changed
ccleaner:update                     software.updated
setupapi:log:line                   host.device_attached
msie:zone_settings:*                registry.changed
chrome:history:file_downloaded      browser.downloaded
chrome:history:page_visited         browser.visited S=browser.downloaded E=browser.downloaded W=browser.downloaded
chrome:*                            browser.visited
chrome:cache:entry                  browser.visited
chrome:autofill:entry               data.written
chrome:preferences:extension_installation software.installed
chrome:preferences:extensions_autoupdater software.updated
firefox:downloads:download          browser.downloaded
firefox:places:bookmark*            data.written
firefox:cache:record                browser.visited M=artifact.dated
firefox:*                           browser.visited
safari:downloads:entry              browser.downloaded
safari:*                            browser.visited
opera:*                             browser.visited
edge:*                              browser.visited
macos:knowledgec:safari             browser.visited
msie:*                              browser.visited M=artifact.dated
msiecf:*                            browser.visited
android:webview:cookie              browser.visited
android:webviewcache                browser.visited M=artifact.dated
cookie:*                            browser.visited
mackeeper:cache                     browser.visited
java:download:idx                   browser.downloaded M=artifact.dated
macos:lsquarantine:entry            browser.downloaded
apache:*                            service.request
iis:log:line                        service.request
aws:elb:access                      service.request
azure:application_gateway_access:*  service.request
confluence:access                   service.request
jira:access                         service.request
aws:cloudtrail:entry                cloudtrail
gcp:log:entry                       cloud.call
azure:activitylog:entry             cloud.call
microsoft365:audit_log:entry        cloud.call
syslog:cron:task_run                schedule.ran
syslog:ssh:login                    auth.login
syslog:ssh:failed_connection        auth.login_failed
syslog:ssh:opened_connection        network.connection
syslog:*                            syslog
systemd:journal                     syslog
selinux:line                        log.line
linux:utmp:event                    utmp
macos:utmpx:entry                   utmp
linux:apt_history_log:entry         package
apt:history:*                       package
linux:dpkg_log:entry                package
dpkg:*                              package
linux:locate_database:entry         host.state
linux:popularity_contest_log:entry  process.started C=file.attributes_changed
linux:popularity_contest_log:*      host.state
bash:history:*                      process.started
fish:history:entry                  process.started
shell:zsh:history                   process.started
powershell:transcript_log:entry     script.executed
bsm:entry                           process.syscall
vsftpd:log                          network.ftp
snort:fastlog:alert                 alert.raised
av:*                                alert.raised
sophos:av:log                       alert.raised
santa:execution                     process.started
santa:process_exit                  process.stopped
santa:file_system_event             file.changed
santa:diskmount                     host.device_attached
ipod:device:entry                   host.device_attached
macos:bluetooth:entry               host.state
macos:airport:entry                 network.connection
macos:application_usage:entry       process.started
macos:knowledgec:application        process.started
macos:install_history:entry         software.installed
macos:software_updata:entry         software.updated
macos:keychain:*                    secret.changed
macos:notes:entry                   data.written
macos:tcc_entry                     policy.changed
macos:apple_account:entry           account.changed
macos:user:entry                    account.changed L=auth.login P=account.credential_changed
macos:background_items:entry        artifact.dated
macos:login_items:entry             artifact.dated
macos:launchd:entry                 host.state
macos:login_window:*                host.state
macos:startup_item:entry            host.state
macos:asl:file                      file.created
android:app_usage                   process.started
android:sqlite:app_usage            process.started
android:event:battery               host.state
android:airtag:event                host.state
android:messaging:*                 message.sent
android:tango:message               message.sent
android:twitter:status              message.sent
imessage:event:chat                 message.sent
ios:imohdchat:message               message.sent
ios:kik:messaging                   message.sent
ios:twitter:status                  message.sent
ios:powerlog:application_usage      process.started
ios:screentime:event                process.started
ios:carplay:history:entry           process.started
ios:app_privacy:access              access.checked
ios:app_privacy:network             network.connection
ios:datausage:event                 network.statistics
ios:netusage:*                      network.statistics
skype:event:chat                    message.sent
skype:event:sms                     message.sent
xchat:*                             message.sent
teamviewer:connections_incoming:*   session.opened E=session.closed
teamviewer:connections_outgoing:*   network.connection
pls_recall:entry                    database.queried
*                                   event.generic
"""  # noqa: E501 - a table: one data type a line
_LINES = """
android:logcat atlassian:* cri:container:log:entry docker:container:log:entry google_drive_sync_log:entry
googlelog:log ios:lockdownd_log:entry ios:sysdiag_log:entry ios:sysdiagnose:* macos:asl:entry macos:launchd_log:entry
macos:securityd_log:entry macos:unified_logging:event macos:wifi_log:entry postgresql:application_log:entry
log sccm_log:entry skydrive:* teamviewer:application_log:entry windows:onedrive:log wincc:*
"""
"""Text logs whose lines only their message tells apart."""

NOT_AN_ACT = "artifact.dated"

_PARSERS = """
amcache windows:registry:amcache
android_app_usage android:app_usage
apache_access apache:access_log:entry
appcompatcache windows:registry:appcompatcache
apt_history linux:apt_history_log:entry
asl_log macos:asl:entry
aws_cloudtrail aws:cloudtrail:entry
aws_elb_access aws:elb:access
azure_activity azure:activitylog:entry
gcp_log gcp:log:entry
microsoft_audit microsoft365:audit_log:entry
microsoft365_audit microsoft365:audit_log:entry
windefender_history av:defender:detection_history
networkminer networkminer:fileinfos:file
fish_history fish:history:entry
bam windows:registry:bam
bash_history bash:history:entry
binary_cookies safari:cookie:entry
bodyfile fs:bodyfile:entry
bsm_log bsm:entry
chrome_cache chrome:cache:entry
chrome_cookies chrome:cookie:entry
chrome_history chrome:history:page_visited
chrome_preferences chrome:preferences
custom_destinations windows:lnk:link
docker_container_config docker:container:configuration
docker_container_log docker:container:log:entry
dpkg linux:dpkg_log:entry
edge_load_statistics edge:resources:load_statistics
filestat fs:stat
firefox_cache firefox:cache:record
firefox_cookies firefox:cookie:entry
firefox_downloads firefox:downloads:download
firefox_history firefox:places:page_visited
firefox_places firefox:places:page_visited
fseventsd macos:fseventsd:record
iis iis:log:line
java_idx java:download:idx
lnk windows:lnk:link
ls_quarantine macos:lsquarantine:entry
mac_appfirewall_log macos:appfirewall_log:entry
mactime fs:bodyfile:entry
mft fs:stat:ntfs
msie_webcache msie:webcache:container
msiecf msiecf:url
olecf_automatic_destinations olecf:dest_list:entry
olecf olecf:item
opera_global opera:history:entry
opera_typed_history opera:history:typed_entry
oxml openxml:metadata
pe pe_coff:file
popularity_contest linux:popularity_contest_log:entry
powershell_transcript powershell:transcript_log:entry
prefetch windows:prefetch:execution
recycle_bin windows:metadata:deleted_item
safari_downloads safari:downloads:entry
safari_history safari:history:visit
santa santa:execution
selinux selinux:line
setupapi setupapi:log:line
shell_items windows:shell_item:file_entry
snort_fastlog snort:fastlog:alert
sophos_av sophos:av:log
srum windows:srum:network_usage
syslog syslog:line
systemd_journal systemd:journal
user_access_logging windows:user_access_logging:clients
userassist windows:registry:userassist
usnjrnl fs:ntfs:usn_change
utmp linux:utmp:event
utmpx macos:utmpx:entry
vsftpd vsftpd:log
winevt windows:evt:record
winevtx windows:evtx:record
winfirewall windows:firewall_log:entry
winiis iis:log:line
winjob windows:tasks:job
windows_boot_execute windows:registry:boot_execute
windows_sam_users windows:registry:sam_users
windows_shutdown windows:registry:shutdown
windows_task_cache task_scheduler:task_cache:entry
windows_timeline windows:timeline:generic
windows_typed_urls windows:registry:typedurls
windows_usb_devices windows:registry:usb
windows_usbstor_devices windows:registry:usbstor:instance
networks windows:registry:network
winreg windows:registry:key_value
plist plist:key
zsh_extended_history shell:zsh:history
viminfo viminfo:history
"""
_BY_SOURCE = {
    "FILE": "fs:stat",
    "EVT": "windows:evtx:record",
    "REG": "windows:registry:key_value",
    "WEBHIST": "chrome:history:page_visited",
    "LNK": "windows:lnk:link",
    "PREFETCH": "windows:prefetch:execution",
    "PE": "pe_coff:file",
    "OLECF": "olecf:item",
    "RECBIN": "windows:metadata:deleted_item",
    "JOB": "windows:tasks:job",
    "AV": "av:log",
}
UNKNOWN_LOG = "log"
"""What a parser that is not known here leads to: some text log."""
_DATA_TYPES = dict(line.split() for line in _PARSERS.strip().splitlines())


def _load() -> tuple[dict[str, tuple[str, dict[str, str]]], list[tuple[str, tuple[str, dict[str, str]]]]]:
    exact: dict[str, tuple[str, dict[str, str]]] = {}
    prefixes: list[tuple[str, tuple[str, dict[str, str]]]] = []
    lines = [*_TABLE.strip().splitlines(), *(f"{name} line" for name in _LINES.split())]
    for name, kind, *more in map(str.split, lines):
        entry = kind, dict(part.split("=") for part in more)
        if name.endswith("*"):
            prefixes.append((name[:-1], entry))
        else:
            exact[name] = entry
    return exact, sorted(prefixes, key=lambda item: -len(item[0]))


_EXACT, _PREFIXES = _load()


@lru_cache(maxsize=4096)
def data_type_of(parser: str, source: str) -> str:
    """The data type a parser's or plugin's name leads to (``winreg/userassist``, ``sqlite/chrome_27_history``).

    Of a parser not known here, what the source's short name tells (``REG``).
    """
    for part in reversed(parser.split("/")):
        name = "_".join(word for word in part.split("_") if not word.isdigit())
        while name:
            if name in _DATA_TYPES:
                return _DATA_TYPES[name]
            name = name.rpartition("_")[0]
    return _BY_SOURCE.get(source.upper(), UNKNOWN_LOG)


@lru_cache(maxsize=16384)
def kind_of(data_type: str, description: str) -> str:
    """The event type, or a word without a point: the family whose records tell their type themselves.

    Those are ``windows``, ``syslog``, ``line``, ``utmp``, ``package``, ``network`` and ``cloudtrail``
    (:mod:`vestige.sources.forensic.plaso_event`).
    """
    entry = _EXACT.get(data_type)
    if entry is None:
        entry = next(entry for prefix, entry in _PREFIXES if data_type.startswith(prefix))
    default, special = entry
    code = _CODES.get(description.partition(";")[0].strip(), "")
    if code == "X" and default in VOCABULARY:
        return NOT_AN_ACT
    return special.get(code, default)


_OF_ITSELF = {
    "M": ("data.written", "file.changed"), "A": ("data.read", "file.read"), "B": ("data.written", "file.created"),
    "C": ("data.written", "file.attributes_changed"), "D": ("data.deleted", "file.deleted"),
    "V": ("browser.visited", "browser.visited"), "W": ("browser.downloaded", "browser.downloaded"),
    "R": ("process.started", "process.started"), "I": ("software.installed", "software.installed"),
    "X": (NOT_AN_ACT, NOT_AN_ACT), "L": ("auth.login", "auth.login"),
    "P": ("account.credential_changed", "account.credential_changed"), "G": ("registry.changed", "registry.changed"),
}  # fmt: skip
"""What a description tells where nothing tells of what: of data, and of a file."""


def kind_of_description(description: str, *, of_file: bool) -> str:
    """The event type a description tells by itself (``Last Visited Time``), or empty where it tells none."""
    code = _CODES.get(description.partition(";")[0].strip(), "")
    return _OF_ITSELF[code][of_file] if code in _OF_ITSELF else ""


_MACB = (("B", "file.created"), ("M", "file.changed"), ("C", "file.attributes_changed"), ("A", "file.read"))


def kind_of_macb(letters: str) -> str:
    """What happened to a file of which several times are one instant: the act that explains most of them.

    A birth sets all four times, a write sets modification and change, a change of the entry sets only its own.
    """
    return next((kind for letter, kind in _MACB if letter in letters), "")
