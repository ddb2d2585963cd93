-- What the gate, applications and probes ask the ledger; docs/gate.md says in words what stands here.
--
-- All of it is revoked from PUBLIC in the transaction that creates it. A role for an application needs
--     GRANT USAGE ON SCHEMA zdmigrate TO app;
--     GRANT EXECUTE ON FUNCTION zdmigrate.beat(text, text, text), zdmigrate.goodbye(text, text, text),
--         zdmigrate.ready(text, text) TO app;
-- and nothing else: these three run with the rights of the ledger's owner. A role that only reads (status) needs
--     GRANT USAGE ON SCHEMA zdmigrate TO reader;
--     GRANT SELECT ON ALL TABLES IN SCHEMA zdmigrate TO reader;
--     GRANT EXECUTE ON FUNCTION zdmigrate.is_old_for(text, text, text), zdmigrate.is_retired(text, text),
--         zdmigrate.ready(text, text) TO reader;

-- Which release knows which change: its list holds the change, and it was registered no earlier than the release
-- that the change is bound to. A change that is bound to none is known to none.
CREATE OR REPLACE VIEW zdmigrate.knows AS
    SELECT r.app, r.version, c.id AS change
    FROM zdmigrate.release AS r
    JOIN zdmigrate.change AS c ON c.app = r.app AND c.id = ANY (r.changes)
    JOIN zdmigrate.release AS bound ON bound.app = c.app AND bound.version = c.bound_to
    WHERE r.position >= bound.position;

-- What a contract of one app asks of another (change.needs, [["billing", "7.2"]]): the other app's versions that
-- were registered before the one named, or never, are in the way. minimum is NULL while that one is unregistered.
CREATE OR REPLACE VIEW zdmigrate.need AS
    SELECT c.app, c.id AS change, n.asked ->> 0 AS other, n.asked ->> 1 AS version, r.position AS minimum
    FROM zdmigrate.change AS c
    CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(c.needs) AS n(asked)
    LEFT JOIN zdmigrate.release AS r ON r.app = n.asked ->> 0 AND r.version = n.asked ->> 1;

CREATE OR REPLACE FUNCTION zdmigrate.is_old_for(of_app text, of_version text, of_change text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM zdmigrate.knows AS k
        WHERE k.app = of_app AND k.version = of_version AND k.change = of_change)
$$;
REVOKE ALL ON FUNCTION zdmigrate.is_old_for(text, text, text) FROM PUBLIC;

-- Whether a version is retired: some fenced change of its app is one that it is old for, or one of another app
-- needs a later release than this.
CREATE OR REPLACE FUNCTION zdmigrate.is_retired(of_app text, of_version text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM zdmigrate.fence AS f
        WHERE f.app = of_app AND NOT EXISTS (
            SELECT FROM zdmigrate.knows AS k
            WHERE k.app = of_app AND k.version = of_version AND k.change = f.change))
    OR EXISTS (
        SELECT FROM zdmigrate.fence AS f
        JOIN zdmigrate.need AS n ON n.app = f.app AND n.change = f.change
        WHERE n.other = of_app AND n.minimum IS NOT NULL AND NOT EXISTS (
            SELECT FROM zdmigrate.release AS r
            WHERE r.app = of_app AND r.version = of_version AND r.position >= n.minimum))
$$;
REVOKE ALL ON FUNCTION zdmigrate.is_retired(text, text) FROM PUBLIC;

-- Whether who is logged in may speak for an app; a role that is bound to none may for any that nobody is bound to.
CREATE OR REPLACE FUNCTION zdmigrate.may_speak_for(of_app text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(bool_or(s.app = of_app AND mine) OR NOT bool_or(s.app = of_app OR mine), true)
           OR (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
    FROM zdmigrate.speaker AS s
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT pg_has_role(session_user, r.oid, 'MEMBER')
                         FROM pg_roles AS r WHERE r.rolname = s.role), false)) AS t(mine)
$$;
REVOKE ALL ON FUNCTION zdmigrate.may_speak_for(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION zdmigrate.refuse_to_forge(of_app text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT zdmigrate.may_speak_for(of_app) THEN
        RAISE EXCEPTION 'the role % does not speak for the app %', session_user, of_app
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'The ledger''s owner says who does, in the table zdmigrate.speaker.';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION zdmigrate.refuse_to_forge(text) FROM PUBLIC;

-- "I run." Answers ok or retired. The lock is taken in one statement and the fence is read in the next: in one
-- statement, or in REPEATABLE READ, the snapshot would be older than the lock and a beat that queued behind the
-- fence would be answered ok (measured, and tested by tests/live/test_fence.py). The lock is the transaction's, so it works
-- behind a transaction pooler; its key is FENCE_KEY in live/fence.py.
-- A retired version's beat is stored like any other: the instance runs, and the next gate must see it.
-- An instance that had left is here again, and its presence begins anew: first_seen must not bridge its absence.
CREATE OR REPLACE FUNCTION zdmigrate.beat(of_app text, of_version text, of_instance text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'zdmigrate.beat needs READ COMMITTED, this transaction is %',
            upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state',
                  HINT = 'Begin with BEGIN ISOLATION LEVEL READ COMMITTED, in a transaction of its own.';
    END IF;
    IF coalesce(of_app, '') = '' OR coalesce(of_version, '') = '' OR coalesce(of_instance, '') = '' THEN
        RAISE EXCEPTION 'zdmigrate.beat needs an app, a version and an instance, none of them empty'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM zdmigrate.refuse_to_forge(of_app);
    PERFORM pg_advisory_xact_lock_shared(2053401961, 1);
    INSERT INTO zdmigrate.instance AS i (app, version, instance)
    VALUES (of_app, of_version, of_instance)
    ON CONFLICT (app, version, instance) DO UPDATE
    SET first_seen = CASE WHEN i.left_at IS NULL THEN i.first_seen ELSE clock_timestamp() END,
        last_seen = clock_timestamp(), source = 'heartbeat', left_at = NULL, left_why = NULL;
    IF zdmigrate.is_retired(of_app, of_version) THEN
        RETURN 'retired';
    END IF;
    RETURN 'ok';
END
$$;
REVOKE ALL ON FUNCTION zdmigrate.beat(text, text, text) FROM PUBLIC;

-- "I stop." The last word is a sighting too: the rollback window counts from it.
CREATE OR REPLACE FUNCTION zdmigrate.goodbye(of_app text, of_version text, of_instance text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT zdmigrate.refuse_to_forge(of_app);
    UPDATE zdmigrate.instance
    SET last_seen = clock_timestamp(), left_at = clock_timestamp(), left_why = 'goodbye'
    WHERE app = of_app AND version = of_version AND instance = of_instance AND left_at IS NULL
$$;
REVOKE ALL ON FUNCTION zdmigrate.goodbye(text, text, text) FROM PUBLIC;

-- The changes of a release's list that it must wait for, in the list's order. A change that is expanding does not
-- hold it once only optional steps are pending; one with neither pending nor begun steps was begun this instant.
CREATE OR REPLACE FUNCTION zdmigrate.waits_for(of_app text, of_version text)
RETURNS TABLE (change text, for_what text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT listed.id,
           CASE WHEN EXISTS (SELECT FROM zdmigrate.backfill AS b
                             WHERE b.app = of_app AND b.change = listed.id AND b.position = left_over.first)
                THEN 'backfill' ELSE 'expand' END
    FROM zdmigrate.release AS r
    CROSS JOIN LATERAL unnest(r.changes) WITH ORDINALITY AS listed(id, place)
    LEFT JOIN zdmigrate.change AS c ON c.app = of_app AND c.id = listed.id
    CROSS JOIN LATERAL (
        SELECT min(p.position) FILTER (WHERE NOT p.optional) AS first, count(*) AS pending
        FROM zdmigrate.pending AS p WHERE p.app = of_app AND p.change = listed.id) AS left_over
    WHERE r.app = of_app AND r.version = of_version
      AND CASE
          WHEN c.state IN ('expanded', 'contracting', 'contracted') THEN false
          WHEN c.state = 'expanding' THEN left_over.first IS NOT NULL
              OR left_over.pending = 0 AND NOT EXISTS (
                  SELECT FROM zdmigrate.step AS s
                  WHERE s.app = of_app AND s.change = listed.id AND s.phase = 'expand')
          ELSE true
          END
    ORDER BY listed.place
$$;
REVOKE ALL ON FUNCTION zdmigrate.waits_for(text, text) FROM PUBLIC;

-- "May I serve?" 'ready', 'retired', 'unknown release' or 'waiting for CHANGE: expand|backfill' (the first one).
CREATE OR REPLACE FUNCTION zdmigrate.ready(of_app text, of_version text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN zdmigrate.is_retired(of_app, of_version) THEN 'retired'
        WHEN NOT EXISTS (SELECT FROM zdmigrate.release WHERE app = of_app AND version = of_version)
            THEN 'unknown release'
        ELSE coalesce(
            (SELECT 'waiting for ' || w.change || ': ' || w.for_what
             FROM zdmigrate.waits_for(of_app, of_version) AS w LIMIT 1),
            'ready')
        END
$$;
REVOKE ALL ON FUNCTION zdmigrate.ready(text, text) FROM PUBLIC;
