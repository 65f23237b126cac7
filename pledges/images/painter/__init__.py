"""Draws a picture from plain values. Runs as a process of its own (`python -m painter`), so that no request waits for a drawing.

It imports nothing of the rest of the wall: what it is given is JSON, and what it gives is PNG.
"""
