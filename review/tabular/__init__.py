"""The one reader of tables: CSV and XLSX of any dialect to named columns, nothing guessed unsaid.

`reading.read_table` is the door: bytes, rows, header, numbers, in this order. What was converted,
skipped or guessed comes back as remarks; what cannot be read as problems, all of them at once.
"""
