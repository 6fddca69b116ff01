"""What helps people screen: criteria beside a record, terms to mark, labels, notes to the team."""
