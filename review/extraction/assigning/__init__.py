"""Who enters which study."""
