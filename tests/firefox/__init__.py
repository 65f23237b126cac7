"""Embedded walls in a real Firefox: `make test-firefox`."""
