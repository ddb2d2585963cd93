-- What applications call. All three are SECURITY DEFINER: the app role needs EXECUTE on them and nothing else.

-- Whether a version is retired: some fenced change of its app is one that it is old for (DESIGN, section 10).
CREATE FUNCTION zdmigrate.is_retired(of_app text, of_version text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM zdmigrate.fence AS f
        WHERE f.app = of_app AND zdmigrate.is_old_for(of_app, of_version, f.change))
$$;
