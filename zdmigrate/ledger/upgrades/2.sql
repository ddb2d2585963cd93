-- From version 1: where an entry came from and with which program, an append-only record, the last run's timeline,
-- the settings that a change began with, and what sources that know only the present saw.
ALTER TABLE zdmigrate.ledger ADD COLUMN timeline bigint;
ALTER TABLE zdmigrate.change ADD COLUMN session jsonb NOT NULL DEFAULT '{}';
ALTER TABLE zdmigrate.change ADD COLUMN shape jsonb;

ALTER TABLE zdmigrate.event ADD COLUMN address inet;
ALTER TABLE zdmigrate.event ALTER COLUMN address SET DEFAULT pg_catalog.inet_client_addr();
ALTER TABLE zdmigrate.event ADD COLUMN program text NOT NULL DEFAULT '';
ALTER TABLE zdmigrate.event ALTER COLUMN program DROP DEFAULT;

-- A backfill that is under way begins its pass again: rows that are right are passed over.
ALTER TABLE zdmigrate.backfill DROP COLUMN files, DROP COLUMN next_block, DROP COLUMN last_block,
    ADD COLUMN blocks bigint NOT NULL DEFAULT 0,
    ADD COLUMN seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN workers integer NOT NULL DEFAULT 0,
    ADD COLUMN throttle text,
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ADD COLUMN baseline jsonb NOT NULL DEFAULT '{}';
ALTER TABLE zdmigrate.backfill SET (fillfactor = 50);

-- The ranges of a backfill's pass, one worker at each: next_place is the cursor, written with the batch. A place is
-- a ctid as one integer, block * 65536 + line. file is the relation's relfilenode, to notice that it was rewritten.
CREATE TABLE zdmigrate.backfill_range (
    app         text NOT NULL,
    change      text NOT NULL,
    position    integer NOT NULL,
    number      integer NOT NULL,
    relation    oid NOT NULL,
    file        bigint NOT NULL,
    next_place  bigint NOT NULL,
    end_place   bigint NOT NULL,
    rows        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (app, change, position, number),
    FOREIGN KEY (app, change, position) REFERENCES zdmigrate.backfill (app, change, position) ON DELETE CASCADE
) WITH (fillfactor = 50);

-- What a person has changed of a change's backfills while they run: settings by their names, why they are paused, and
-- the token of the run that shall stop.
CREATE TABLE zdmigrate.backfill_tuning (
    app         text NOT NULL,
    change      text NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',
    paused      text,
    stop_token  bigint NOT NULL DEFAULT 0,
    stopped     text,
    PRIMARY KEY (app, change),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
);

-- Rows that a backfill could not fill and left aside, by their key: columns and values, as text. No contract runs
-- before they are mended; apply tries them again.
CREATE TABLE zdmigrate.quarantine (
    app         text NOT NULL,
    change      text NOT NULL,
    position    integer NOT NULL,
    columns     text[] NOT NULL,
    key         text[] NOT NULL,
    error       text NOT NULL,
    since       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (app, change, position, key),
    FOREIGN KEY (app, change, position) REFERENCES zdmigrate.backfill (app, change, position) ON DELETE CASCADE
);

-- How far each backfill is, in blocks and rows, its ranges taken together.
CREATE VIEW zdmigrate.backfill_progress AS
    SELECT b.app, b.change, b.position, b.fingerprint, b.pass, b.blocks,
           b.blocks - coalesce(r.blocks_left, 0) AS blocks_done, b.rows + coalesce(r.rows, 0) AS rows,
           b.seconds, b.workers, b.throttle, b.started_at, b.seen_at
    FROM zdmigrate.backfill AS b
    LEFT JOIN LATERAL (
        SELECT pg_catalog.sum(pg_catalog.ceil((each.end_place - each.next_place) / 65536.0))::bigint AS blocks_left,
               pg_catalog.sum(each.rows)::bigint AS rows
        FROM zdmigrate.backfill_range AS each
        WHERE each.app = b.app AND each.change = b.change AND each.position = b.position) AS r ON true;

CREATE FUNCTION zdmigrate.refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'zdmigrate.event is a record: nothing in it is changed or deleted'
        USING ERRCODE = 'insufficient_privilege';
END
$$;
REVOKE ALL ON FUNCTION zdmigrate.refuse_rewriting() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON zdmigrate.event
    FOR EACH STATEMENT EXECUTE FUNCTION zdmigrate.refuse_rewriting();

-- How a source that knows only the present was looked at: without a gap from since to last, both of them the time of
-- the question, and by the same settings (a hash). failure is why it did not answer the last time, NULL when it did.
CREATE TABLE zdmigrate.look (
    source   text NOT NULL,
    app      text NOT NULL,
    settings text NOT NULL,
    since    timestamptz,
    last     timestamptz,
    failure  text,
    PRIMARY KEY (source, app)
);

-- What such sources saw. running is false for what could start; left_at is when it was first found absent (left_why is
-- NULL) or an operator retired it; memory is what the source wants to find again at its next look.
CREATE TABLE zdmigrate.sighting (
    source     text NOT NULL,
    app        text NOT NULL,
    version    text NOT NULL,
    instance   text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    running    boolean NOT NULL,
    weight     double precision,
    note       text,
    memory     text[] NOT NULL DEFAULT '{}',
    left_at    timestamptz,
    left_why   text,
    PRIMARY KEY (source, app, version, instance)
) WITH (fillfactor = 50);

ALTER TABLE zdmigrate.release ADD COLUMN gone_at timestamptz;

-- The roles that speak for an app: where it has any, no other may beat for it, and they may beat for no other.
CREATE TABLE zdmigrate.speaker (
    app  text NOT NULL,
    role name NOT NULL,
    PRIMARY KEY (app, role)
);
