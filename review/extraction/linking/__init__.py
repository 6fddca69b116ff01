"""Which study each included report belongs to."""
