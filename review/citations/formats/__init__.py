"""One module a format of citation files: what it says, read without loss and written back."""
