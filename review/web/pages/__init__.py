"""Pages, a module a stage; `review.web` says how one is added."""
