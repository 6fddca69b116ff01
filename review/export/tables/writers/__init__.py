"""Tables as files: one module a format."""
