"""Other programs' files of extracted numbers: a parser a format, and releases of them."""
