"""Brings web videos to this machine: politely, within bounds, and without trusting anyone."""
