"""Documents: a results section with live numbers, its methods, and the checklists."""
