"""What a run keeps: its tables, contents and the scales its numbers are read on."""
