"""What a backfill consists of: the tables it goes through, the ranges its workers share, and what holds them back."""
