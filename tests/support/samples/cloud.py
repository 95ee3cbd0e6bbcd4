"""Samples of :mod:`vestige.sources.cloud`."""

SAMPLES: dict[str, tuple[bytes, ...]] = {
    "cloudtrail": (
        b'{"Records":[{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventSource":"iam.amazonaws.com",'
        b'"eventName":"CreateUser","sourceIPAddress":"192.0.2.7","userIdentity":{"type":"Root","accountId":"1"}}]}',
        b'{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"DeleteUser","userIdentity":{}}\n',
    ),
}
