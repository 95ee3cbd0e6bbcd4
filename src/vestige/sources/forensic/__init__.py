"""Formats that forensic tools write."""
