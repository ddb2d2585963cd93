"""Rollouts under real traffic: instances of an app behind haproxy, replaced, switched and weighed while it serves."""
