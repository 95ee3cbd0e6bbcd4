"""Samples of :mod:`vestige.sources.forensic`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "timesketch": (
        b'{"message":"m","datetime":"2026-01-01T00:00:00Z","timestamp_desc":"d","timestamp":5,"tag":["a"],'
        b'"data_type":"bash:history:entry"}\n',
        b'message,datetime,timestamp_desc,data_type\n"x ""y""",2026-01-01T00:00:00Z,d,bash:history:entry\n',
    ),
}
