"""Items that belong together stand behind one row."""
