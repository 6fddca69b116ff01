"""What one more trial of real data sets would do, by metafor."""
