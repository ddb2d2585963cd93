"""The numbers of PostgreSQL 18's tokens that this room asks for; a test compares them with the grammar's."""

from __future__ import annotations

BROKEN = -1  # not the grammar's: what its scanner could not read

OPEN, CLOSE, STAR, COMMA, DOT, SEMICOLON, EQUALS, OPEN_BRACKET, CLOSE_BRACKET = map(ord, "()*,.;=[]")
IDENT = 258  # a name, quoted or not
SCONST = 261
SQL_COMMENT, C_COMMENT = 275, 276
COMMENTS = (SQL_COMMENT, C_COMMENT)
ATOMIC, BEGIN, CASE, CREATE, END, RULE = 301, 308, 322, 356, 404, 644
EXCEPT, INTERSECT, UNION = 410, 478, 722
SET_OPERATIONS = (EXCEPT, INTERSECT, UNION)
AS, CHECK, CONSTRAINT, DEFAULT, DISTINCT = 295, 329, 349, 377, 392
FROM, RETURNING, SET, USING, WHERE = 435, 633, 660, 730, 747
CASCADE, RESTRICT = 320, 631
