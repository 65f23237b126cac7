"""What stands behind the door that the public side knocks on."""
