"""Akismet: asked about each revision, told what people decided, left alone while it is down."""
