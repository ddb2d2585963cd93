"""The story that zdmigrate demo tells."""
