"""The checks of our own: one file each. They propose, and decide nothing."""
