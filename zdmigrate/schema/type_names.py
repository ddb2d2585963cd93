"""Types that are known without a catalog: PostgreSQL's own, and those of widely used extensions."""

from __future__ import annotations

_OF_ONE_WORD = (
    "aclitem bigint bit boolean bytea character cid cidr circle box line lseg point date datemultirange daterange "
    "inet int4multirange int4range int8multirange int8range integer interval json jsonb jsonpath macaddr macaddr8 "
    "money name numeric nummultirange numrange oid path pg_lsn pg_snapshot polygon real refcursor regclass "
    "regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype "
    "smallint text tid tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot uuid xid xid8 xml "
    "smallserial serial bigserial int2vector oidvector"
)
_OF_MORE_WORDS = (
    '"char"',
    "bit varying",
    "character varying",
    "double precision",
    "time with time zone",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
)
# Long forms, as format_type() gives them; compared with the server's own by test_type_changes.
BUILT_IN = frozenset((*_OF_ONE_WORD.split(), *_OF_MORE_WORDS))

_EXTENSION_NAMES = (
    "citext hstore ltree lquery ltxtquery cube seg ean13 isbn isbn13 issn ismn upc vector halfvec sparsevec geometry "
    "geography raster box2d box3d"
)
OF_EXTENSIONS = frozenset(_EXTENSION_NAMES.split())
