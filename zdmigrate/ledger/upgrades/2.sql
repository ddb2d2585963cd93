-- From version 1: where an entry came from and with which program, an append-only record, the last run's timeline, and
-- the settings that a change began with.
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
