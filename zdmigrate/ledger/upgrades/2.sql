-- From version 1: where an entry came from and with which program, an append-only record, the last run's timeline,
-- the settings that a change began with, and what sources that know only the present saw.
ALTER TABLE zdmigrate.ledger ADD COLUMN timeline bigint;
ALTER TABLE zdmigrate.change ADD COLUMN session jsonb NOT NULL DEFAULT '{}';

ALTER TABLE zdmigrate.event ADD COLUMN address inet;
ALTER TABLE zdmigrate.event ALTER COLUMN address SET DEFAULT pg_catalog.inet_client_addr();
ALTER TABLE zdmigrate.event ADD COLUMN program text NOT NULL DEFAULT '';
ALTER TABLE zdmigrate.event ALTER COLUMN program DROP DEFAULT;

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
