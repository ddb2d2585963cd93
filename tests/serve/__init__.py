"""``zdmigrate serve``: what it answers, through outages too, and what it never does."""
