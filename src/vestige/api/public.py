"""Which routes ask nobody who they are. Both the table of permissions and the OpenAPI document are held to it."""

from __future__ import annotations

from typing import Final

PUBLIC: Final = {
    ("GET", "/healthz"): "says nothing about content",
    ("GET", "/readyz"): "says nothing about content",
    ("GET", "/.well-known/security.txt"): "whom to tell of a weakness must be findable (RFC 9116)",
    ("GET", "/v1/ledger/{tenant}/keys"): "verifier keys must be findable by whoever checks a proof",
    ("GET", "/v1/super-log"): "whoever compares two copies of it finds a fork; it says nothing of tenants",
    ("POST", "/v1/login"): "it is how a person proves who they are",
    ("POST", "/v1/login/device"): "it begins a sign-in that a person approves",
    ("POST", "/v1/login/device/token"): "the program proves that it began the sign-in",
    ("POST", "/v1/people/accept"): "the invitation is the proof",
    ("POST", "/v1/people/requests"): "anybody may ask; it tells nothing and opens nothing",
    ("POST", "/v1/webhooks/github"): "the delivery is signed with a shared secret",
    ("POST", "/v1/webhooks/gitlab"): "the delivery is signed with a shared secret, or carries it",
    ("POST", "/v1/webhooks/git"): "the delivery is signed with a shared secret",
    ("POST", "/v1/webhooks/slack"): "the delivery is signed with a shared secret",
    ("GET", "/v1/webhooks/okta"): "the request carries a shared secret",
    ("POST", "/v1/webhooks/okta"): "the request carries a shared secret",
}
"""Routes that ask for no permission, and why."""
