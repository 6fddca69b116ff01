"""The same names as JSON, under ``/api/v1``."""
