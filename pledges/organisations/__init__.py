"""Organisations: how a name becomes one, and how a person says that two are the same."""
