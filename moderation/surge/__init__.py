"""A campaign that is flooded or attacked is guarded for a while."""
