"""Formats of cloud and identity services' audit logs."""
