"""End-to-end entry points, one file a job; `make` calls them. No logic lives here."""
