"""What a campaign decides by: reasons, house rules and listed words."""
