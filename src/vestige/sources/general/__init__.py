"""Formats that any program may write: JSON, tables, syslog."""
