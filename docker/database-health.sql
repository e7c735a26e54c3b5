-- Asked every ten seconds. A first start that was cut short leaves a database without its roles,
-- which the image takes for a finished one at the next start: it never makes them.
\set ON_ERROR_STOP on
\set VERBOSITY terse
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('tagout_owner', 'tagout')) < 2 THEN
        RAISE EXCEPTION 'The first start of this database was cut short: its roles are missing. Nothing is in it yet. Mend what the first lines of this log complain of, then: docker compose down --volumes && docker compose up --detach';
    END IF;
END
$$;
