"""Probes, figures and a status page over HTTP: reads the ledger, and writes nothing."""
