"""Judgements that several persons make independently of one another: records, forms, cells."""
