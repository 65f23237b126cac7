"""Measurements that anybody can repeat: each file prints its figures and says how they were taken."""
