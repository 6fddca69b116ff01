"""Risk of bias by result, and the certainty of a body of evidence."""
