"""The interface for browsers: its built files, and what each address below ``/ui/`` is answered with.

The files are made from ``ui/`` by the build hook (``hatch_build.py``) and lie in ``static/`` beside this file. They
hold no evidence: whoever is not signed in is given them too, and what they show comes from the HTTP interface.
"""

from __future__ import annotations

from vestige.web.interface import BASE, BUILD_COMMAND, POLICY, STATIC, Answer, Interface

__all__ = ["BASE", "BUILD_COMMAND", "POLICY", "STATIC", "Answer", "Interface"]
