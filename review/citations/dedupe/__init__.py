"""Finding duplicate records: pure functions over plain values, explainable pair by pair."""
