"""What cases are made of: the rules' examples, a sample of every statement, and all that stands between them."""

from __future__ import annotations

from functools import cache

from tests.schema.samples import SAMPLES as MEASURED
from tests.sql.alter_table_samples import SAMPLES as ACTIONS
from tests.sql.statement_samples import SAMPLES as STATEMENTS
from zdmigrate.lint.rules import read_rules

BODIES = [
    """do $$ declare n int := 1; r record; begin
        if n > 1 then alter table t add a int; else update t set a = n; end if;
        for r in select * from t loop execute format('drop table %I', r.a); end loop;
        exception when others then raise notice '%', n;
    end $$""",
    "do 'begin perform f(''x''); execute ''drop table t''; commit; end'",
    "create function f(a int, out b text) language plpgsql as $f$ begin b := a || 'x'; create index on t (a); end $f$",
    "create procedure p() begin atomic delete from t; select case when true then 1 end; end",
    "create function g() returns int return 1",
    "select f(1), g()",
    "call p()",
    "create rule r as on insert to t do also (delete from u; delete from v)",
]
PSQL = [
    *("\\set x 1\n", "\\echo hello; drop table t\n", "select 1 \\g\n", "\\q\n", "\\connect db\n", "\\i other.sql\n"),
    "copy t (a, b) from stdin;\n1\tx;y\n2\t'\n\\.\n",
    'COPY t FROM stdin WITH (format csv);\na,"b\n\\.\n',
    "select :x, :'x', :\"x\";\n",
    "insert into t select $1 \\bind 1 \\g\n",
]
TEMPLATES = ["${schema}", "{{ table }}", "{% if x %}", "{% endif %}", "{# words #}", "$%NAME%$", ":name", "@extschema@"]
MARKERS = ["-- zdmigrate: expand\n", "-- zdmigrate: contract\n", "-- zdmigrate: backfill batch=5\n", "-- +goose Up\n"]
QUOTES = [
    "'",
    '"',
    "''",
    "$$",
    "$a$",
    "$é$",
    "e'",
    "E'\\'",
    "U&'",
    "x'",
    "--",
    "/*",
    "*/",
    "/* /* */",
    "\\",
    "\\.",
    "`",
]
MARKS = [";", ";;", "(", ")", "[", "]", ",", ".", "::", ":=", "=>", "..", "%", "@", "#", "?", "|", "<<l>>", "\x7f"]
WORDS = ["begin", "end", "begin atomic", "commit", "rollback", "case", "union all", "not", "with x as (", "returning a"]
NUMBERS = ["1_000", "0x", "1e", "123abc", "9" * 40, "1.", "$1", "$", "1..2"]
LETTERS = ["\0", "\ufeff", "\ud800", "é", "漢", "🎉", "\u00a0", "\u2028", "\x85", "\x0b", "\x0c", "a\u0301", "\u202e"]
SPACES = [" ", "\n", "\r\n", "\r", "\t", "\f", "\v"]
HUGE = ["a" * 64, "é" * 40, '"' + "x" * 20_000 + '"', "'" + "y;" * 10_000 + "'", "z" * 50_000]


@cache
def statements() -> tuple[str, ...]:
    """Statements that somebody meant, without a semicolon behind them."""
    found = [sample[0] for sample in (*STATEMENTS.values(), *ACTIONS.values())]
    found += [part for sample in MEASURED for part in (sample.given, sample.sql)]
    for rule in read_rules():
        for example in rule.examples:
            found += [example.given, example.bad, *example.good]
    return (*dict.fromkeys(text.strip() for text in found if text.strip()), *BODIES)


@cache
def pieces() -> tuple[str, ...]:
    """What is put in anywhere."""
    groups = (PSQL, TEMPLATES, MARKERS, QUOTES, MARKS, WORDS, NUMBERS, LETTERS, SPACES, HUGE)
    return tuple(piece for group in groups for piece in group)
