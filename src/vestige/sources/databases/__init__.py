"""Databases: who connected, what was asked of them, and how they are doing."""

from vestige.sources.contract import Format
from vestige.sources.databases.mongodb import FORMAT as MONGODB
from vestige.sources.databases.mongodb_json import FORMAT as MONGODB_JSON
from vestige.sources.databases.mysql_error import FORMAT as MYSQL_ERROR
from vestige.sources.databases.mysql_slow import FORMAT as MYSQL_SLOW
from vestige.sources.databases.postgresql import FORMAT as POSTGRESQL
from vestige.sources.databases.postgresql_csv import FORMAT as POSTGRESQL_CSV
from vestige.sources.databases.postgresql_json import FORMAT as POSTGRESQL_JSON
from vestige.sources.databases.redis import FORMAT as REDIS

FORMATS: tuple[Format, ...] = (
    POSTGRESQL,
    POSTGRESQL_CSV,
    POSTGRESQL_JSON,
    MYSQL_ERROR,
    MYSQL_SLOW,
    MONGODB,
    MONGODB_JSON,
    REDIS,
)
