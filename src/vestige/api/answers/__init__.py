"""What answers look like, for the OpenAPI document alone: a handler's answer is not made or checked by these."""
