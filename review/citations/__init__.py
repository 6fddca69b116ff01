"""Searches, the batches of records they gave, and the duplicates among them."""
