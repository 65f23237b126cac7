"""Campaigns: found, made from presets, guarded, in their own colours and with their event codes."""
