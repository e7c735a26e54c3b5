"""What a database consists of, to compare one with another: all but the order of columns.

Each line of the catalogue is text that begins with a kind of object and its name, so that the
difference of two catalogues reads by itself.
"""

from django.db import connection, transaction

SCHEMA = "'public'::regnamespace"
COLUMNS = f"""
SELECT format('column %s.%s: %s%s%s%s', a.attrelid::regclass, a.attname,
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END,
    ' default ' || pg_get_expr(d.adbin, d.adrelid),
    format(' identity %L generated %L compressed %L storage %s collation %s rights %s options %s',
        a.attidentity, a.attgenerated, a.attcompression, a.attstorage, a.attcollation, a.attacl,
        a.attoptions))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = {SCHEMA} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0
    AND NOT a.attisdropped
"""
RELATIONS = f"""
SELECT format('relation %s: kind %s persistence %s owner %s options %s row security %s%s rights %s',
    oid::regclass, relkind, relpersistence, pg_get_userbyid(relowner), reloptions, relrowsecurity,
    relforcerowsecurity, ARRAY(SELECT unnest(coalesce(relacl, acldefault(kind, relowner)))::text
        ORDER BY 1))
FROM pg_class CROSS JOIN LATERAL (
    SELECT CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END AS kind) of_default
WHERE relnamespace = {SCHEMA} AND relkind NOT IN ('i', 'I', 't')
"""
CONSTRAINTS = f"""
SELECT format('constraint %s on %s: %s%s', conname, conrelid::regclass, pg_get_constraintdef(oid),
    CASE WHEN NOT convalidated THEN ' (not validated)' END)
FROM pg_constraint WHERE connamespace = {SCHEMA}
"""
INDEXES = f"""
SELECT format('index %s%s%s', pg_get_indexdef(indexrelid),
    CASE WHEN NOT indisvalid THEN ' (invalid)' END,
    CASE WHEN NOT indimmediate THEN ' (deferred)' END)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = {SCHEMA}
"""
TRIGGERS = f"""
SELECT format('trigger %s enabled %s', pg_get_triggerdef(t.oid), tgenabled)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT tgisinternal AND c.relnamespace = {SCHEMA}
"""
FUNCTIONS = f"""
SELECT format('function %s owner %s rights %s: %s', oid::regprocedure, pg_get_userbyid(proowner),
    ARRAY(SELECT unnest(coalesce(proacl, acldefault('f', proowner)))::text ORDER BY 1),
    pg_get_functiondef(oid))
FROM pg_proc p WHERE pronamespace = {SCHEMA} AND prokind <> 'a'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
VIEWS = f"""
SELECT format('view %s: %s', oid::regclass, pg_get_viewdef(oid))
FROM pg_class WHERE relnamespace = {SCHEMA} AND relkind IN ('v', 'm')
"""
SEQUENCES = f"""
SELECT format('sequence %s: %s from %s by %s in %s to %s, cache %s, cycles %s, of %s',
    seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache,
    seqcycle,
    (SELECT d.refobjid::regclass || '.' || a.attname FROM pg_depend d
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.objid = seqrelid AND d.deptype IN ('a', 'i')))
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid WHERE c.relnamespace = {SCHEMA}
"""
OTHERS = f"""
SELECT format('type %s: %s %s', oid::regtype, typtype, typbasetype::regtype)
FROM pg_type WHERE typnamespace = {SCHEMA} AND typtype IN ('d', 'e', 'r', 'm')
UNION ALL
SELECT format('extension %s in %s', extname, extnamespace::regnamespace) FROM pg_extension
UNION ALL
SELECT format('comment on %s: %s', pg_describe_object(classoid, objoid, objsubid), description)
FROM pg_description d WHERE classoid = 'pg_class'::regclass
    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objoid AND c.relnamespace = {SCHEMA})
UNION ALL
SELECT format('schema %s rights %s', nspname, nspacl) FROM pg_namespace WHERE oid = {SCHEMA}
UNION ALL
SELECT format('default rights %s %s %s', defaclrole::regrole, defaclobjtype, defaclacl)
FROM pg_default_acl
UNION ALL
SELECT format('policy %s on %s', polname, polrelid::regclass) FROM pg_policy
UNION ALL
SELECT format('event trigger %s', evtname) FROM pg_event_trigger
UNION ALL
SELECT format('statistics %s', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
"""
QUERIES = (RELATIONS, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS, VIEWS, SEQUENCES, OTHERS)


# PostgreSQL spells a condition otherwise once it has read its own spelling, as of a dump.
SPELLED_AGAIN = f"""
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS place, conname AS name, pg_get_constraintdef(oid) AS condition
        FROM pg_constraint WHERE connamespace = {SCHEMA} AND contype = 'c'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.place, found.name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', found.place, found.name,
            found.condition);
    END LOOP;
    FOR found IN
        SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS statement
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = {SCHEMA} AND indpred IS NOT NULL
    LOOP
        EXECUTE format('DROP INDEX %s', found.name);
        EXECUTE found.statement;
    END LOOP;
    FOR found IN
        SELECT tgrelid::regclass AS place, tgname AS name, pg_get_triggerdef(t.oid) AS statement
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT tgisinternal AND tgenabled = 'O' AND c.relnamespace = {SCHEMA}
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.name, found.place);
        EXECUTE found.statement;
    END LOOP;
END $$
"""


def catalogue() -> set[str]:
    """Return one line for each object of the database to which the default connection goes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SPELLED_AGAIN)
        lines: set[str] = set()
        for query in QUERIES:
            cursor.execute(query)
            lines.update(line for (line,) in cursor.fetchall())
        transaction.set_rollback(True)
        return lines
