"""What waits about organisations, who says yes or no to it, and which domains prove nothing."""
