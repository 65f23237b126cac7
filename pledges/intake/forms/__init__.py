"""What may be sent: one file for each form."""
