"""What network sensors and security gateways write."""

from vestige.sources.contract import Format
from vestige.sources.network.cef import FORMAT as CEF
from vestige.sources.network.leef import FORMAT as LEEF
from vestige.sources.network.pensando import FORMAT as PENSANDO
from vestige.sources.network.suricata_eve import FORMAT as SURICATA_EVE
from vestige.sources.network.zeek import FORMAT as ZEEK
from vestige.sources.network.zeek_json import FORMAT as ZEEK_JSON

FORMATS: tuple[Format, ...] = (ZEEK, ZEEK_JSON, SURICATA_EVE, CEF, LEEF, PENSANDO)
