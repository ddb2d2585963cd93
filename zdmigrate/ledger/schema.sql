-- The ledger of zdmigrate, version 2: what was planned, done and seen. All clocks are the database's own.
-- States are explained in ledger/states.py.

CREATE SCHEMA zdmigrate;
COMMENT ON SCHEMA zdmigrate IS 'zdmigrate: schema changes, releases and live versions. Do not edit by hand.';

-- One row: which server this ledger was made on, in which form, and the timeline of the last run: a promotion since
-- then may have lost what the old primary had not sent.
CREATE TABLE zdmigrate.ledger (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    version           integer NOT NULL,
    system_identifier text NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    timeline          bigint
);

-- A deployed build of an app, with the changes it was built with. position is the order of registration; gone_at is when
-- an operator said that no instance of it is left anywhere.
CREATE TABLE zdmigrate.release (
    app           text NOT NULL CHECK (app <> ''),
    version       text NOT NULL CHECK (version <> ''),
    position      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    changes       text[] NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    gone_at       timestamptz,
    PRIMARY KEY (app, version)
);

-- bound_to is the release that brought the change, or a later one that lets go of the old side.
-- baseline: there before the ledger was, never run by it.
-- session: the settings by which names and values of its files are understood, as they were when it began.
-- shape: its tables, as they were when its phase began, and after expand as it left them (run/shape.py).
CREATE TABLE zdmigrate.change (
    app           text NOT NULL,
    id            text NOT NULL,
    state         text NOT NULL
                  CHECK (state IN ('expanding', 'expanded', 'contracting', 'contracted', 'reverting', 'reverted')),
    baseline      boolean NOT NULL DEFAULT false,
    bound_to      text,
    contract_plan jsonb,
    needs         jsonb NOT NULL DEFAULT '[]',
    since         timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    session       jsonb NOT NULL DEFAULT '{}',
    shape         jsonb,
    PRIMARY KEY (app, id),
    FOREIGN KEY (app, bound_to) REFERENCES zdmigrate.release (app, version)
);

-- What stood in a section when it was planned; one that has run must not change afterwards.
CREATE TABLE zdmigrate.section (
    app      text NOT NULL,
    change   text NOT NULL,
    name     text NOT NULL,
    ordinal  integer NOT NULL,
    checksum text NOT NULL,
    PRIMARY KEY (app, change, name, ordinal),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
);

-- Steps of a change that were begun. 'started' is an intent: only a step that runs outside of a transaction
-- shows it, and a resumed run looks at the catalog to learn what became of it.
CREATE TABLE zdmigrate.step (
    app         text NOT NULL,
    change      text NOT NULL,
    phase       text NOT NULL CHECK (phase IN ('expand', 'contract', 'revert')),
    position    integer NOT NULL,
    state       text NOT NULL CHECK (state IN ('started', 'done')),
    fingerprint text NOT NULL,
    token       bigint NOT NULL,
    xid         xid8,
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (app, change, phase, position),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
);

-- What is left to do before a release with this change is ready; emptied step by step.
CREATE TABLE zdmigrate.pending (
    app      text NOT NULL,
    change   text NOT NULL,
    position integer NOT NULL,
    optional boolean NOT NULL,
    PRIMARY KEY (app, change, position),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
);

-- A backfill: its pass over the table, the blocks and seconds of that pass, rows of the passes before it, and what
-- holds its workers back right now. fingerprint is of the statement that it was begun with; baseline is what health
-- guards measured before it began.
CREATE TABLE zdmigrate.backfill (
    app         text NOT NULL,
    change      text NOT NULL,
    position    integer NOT NULL,
    fingerprint text NOT NULL,
    rows        bigint NOT NULL DEFAULT 0,
    pass        integer NOT NULL DEFAULT 1,
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    blocks      bigint NOT NULL DEFAULT 0,
    seconds     double precision NOT NULL DEFAULT 0,
    workers     integer NOT NULL DEFAULT 0,
    throttle    text,
    seen_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    baseline    jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (app, change, position),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

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

-- Who may write. A token is given once and grows; a step that runs in a transaction locks this row with it
-- FOR KEY SHARE. The second key makes that lock stop a new token, and not the holder's own renewals.
CREATE TABLE zdmigrate.lease (
    name        text PRIMARY KEY,
    token       bigint NOT NULL,
    holder      jsonb,
    acquired_at timestamptz,
    renewed_at  timestamptz,
    UNIQUE (name, token)
);

-- Instances that beat, or that an operator or a source told of.
CREATE TABLE zdmigrate.instance (
    app        text NOT NULL,
    version    text NOT NULL,
    instance   text NOT NULL,
    source     text NOT NULL DEFAULT 'heartbeat',
    first_seen timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    last_seen  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    left_at    timestamptz,
    left_why   text,
    PRIMARY KEY (app, version, instance)
) WITH (fillfactor = 50);

-- The roles that speak for an app: where it has any, no other may beat for it, and they may beat for no other.
CREATE TABLE zdmigrate.speaker (
    app  text NOT NULL,
    role name NOT NULL,
    PRIMARY KEY (app, role)
);

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

-- A change whose contract may run: versions old for it are retired from then on.
CREATE TABLE zdmigrate.fence (
    app        text NOT NULL,
    change     text NOT NULL,
    release    text NOT NULL,
    fenced_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    forced_why text,
    PRIMARY KEY (app, change),
    FOREIGN KEY (app, change) REFERENCES zdmigrate.change (app, id) ON DELETE CASCADE
);

-- Who did what, when, from where, and with which version of the program; ledger/record.py says what detail holds.
CREATE TABLE zdmigrate.event (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    actor   text NOT NULL,
    action  text NOT NULL,
    app     text,
    change  text,
    detail  jsonb NOT NULL DEFAULT '{}',
    address inet DEFAULT pg_catalog.inet_client_addr(),
    program text NOT NULL
);

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
