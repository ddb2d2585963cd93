"""What happened to an app's releases and changes, read from the ledger and drawn."""
