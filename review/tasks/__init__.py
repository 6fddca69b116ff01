"""Long work that somebody asked for on a page: it runs in a process of its own."""
