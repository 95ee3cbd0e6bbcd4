"""Read-only tools for assistants, by the Model Context Protocol over a program's own input and output.

The server answers, records that it was asked, and holds everybody to what they may see (:mod:`vestige.api.assistant`);
this room only speaks the protocol, so nothing is gained by going past it. The protocol's SDK comes with
``pip install 'vestige[mcp]'``: it brings a second web stack, which no other command needs.

:mod:`~vestige.mcp.tools` says which tools there are, :mod:`~vestige.mcp.serving` serves them.
"""
