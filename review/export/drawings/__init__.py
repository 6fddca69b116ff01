"""What is stored, as the values that figures take: one module a family of figures.

Nothing is drawn here (`review.figures` does that) and nothing is stored.
"""
