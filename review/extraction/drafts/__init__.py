"""Drafts: what one person is typing of a trial, seen by nobody else and never counted."""
