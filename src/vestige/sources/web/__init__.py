"""Web servers and proxies: who asked for what, and what they got."""

from vestige.sources.contract import Format
from vestige.sources.web.apache_error import FORMAT as APACHE_ERROR
from vestige.sources.web.haproxy import FORMAT as HAPROXY
from vestige.sources.web.iis import FORMAT as IIS
from vestige.sources.web.iis_error import FORMAT as IIS_ERROR
from vestige.sources.web.iis_native import FORMAT as IIS_NATIVE
from vestige.sources.web.nginx_error import FORMAT as NGINX_ERROR
from vestige.sources.web.traefik import FORMAT as TRAEFIK
from vestige.sources.web.traefik_json import FORMAT as TRAEFIK_JSON
from vestige.sources.web.web_access import FORMAT as WEB_ACCESS

FORMATS: tuple[Format, ...] = (
    WEB_ACCESS,
    TRAEFIK,
    TRAEFIK_JSON,
    APACHE_ERROR,
    NGINX_ERROR,
    IIS,
    IIS_NATIVE,
    IIS_ERROR,
    HAPROXY,
)
