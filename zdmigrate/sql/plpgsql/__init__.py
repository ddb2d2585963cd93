"""What the bodies of DO, functions and procedures do: read by PostgreSQL's own PL/pgSQL parser."""
