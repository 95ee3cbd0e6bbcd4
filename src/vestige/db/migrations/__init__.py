"""The schema's history. ``versions/vNNNN_name.py`` holds one step each; see :mod:`vestige.db.migrate`."""
