"""Finding secrets and taking them out before anything is stored.

What an agent read or wrote may hold a key, a token, a password. A ledger forgets nothing, so a secret must not come
into it. The life of a record:

1. *Unescaping* (``views``). Escapes of JSON are undone at every depth at once, and percent-encoding after them; every
   byte of such a view knows which bytes of the record it stands for.
2. *Looking* (``finder``). One automaton looks for the keywords of all rules, plain, in base64 and in hexadecimal; only
   a rule whose keyword is there runs its expression. What is encoded is decoded and looked at in turn.
3. *Joining* (``seams``). Strings that lie at one path (the text blocks of a message, the lines of a patch, the chunks
   of a stream) are put together, and what is found across their borders counts.
4. *Replacing* (``redactor``). Each finding becomes ``[redacted:RULE:DIGEST]``; all other bytes stay as they are. The
   digest is keyed per tenant: one secret has one marker wherever it stands, and the marker tells nothing of it.

The time taken is at most in proportion to the record's length: the expressions run in RE2, which never goes back.
``selftest`` proves all this on secrets made on the spot, and refuses to start where one comes through.
"""

from __future__ import annotations

from vestige.secrets.redactor import Found, Redactor, Report
from vestige.secrets.rules import Rule, load_rules
from vestige.secrets.selftest import selftest

__all__ = ["Found", "Redactor", "Report", "Rule", "load_rules", "selftest"]
