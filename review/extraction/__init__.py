"""Studies, reports, arms, entries and the numbers extracted from them."""
