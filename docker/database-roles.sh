# Makes the two roles of Tagout in a new database: tagout_owner changes tables (the service
# `migrate`), tagout reads and writes rows and can change no table, so no trigger of the audit
# record either. Run once by the PostgreSQL image, while its volume is empty: all or nothing, and
# where nothing, database-health.sql says so. The passwords stand in the two URLs and nowhere else.

password_in() {
    sed -nE 's#^[^:]+://[^:/@]+:([^@]+)@.*$#\1#p' "$1"
}

owner="$(password_in "${OWNER_URL_FILE:?}")"
app="$(password_in "${APP_URL_FILE:?}")"
: "${owner:?the secret database_url_owner holds no password: postgresql://tagout_owner:PASSWORD@database:5432/tagout}"
: "${app:?the secret database_url holds no password: postgresql://tagout:PASSWORD@database:5432/tagout}"

psql --no-psqlrc --quiet --single-transaction --set ON_ERROR_STOP=1 \
    --set owner="$owner" --set app="$app" \
    --username "${POSTGRES_USER:?}" --dbname "${POSTGRES_DB:?}" <<'SQL'
CREATE ROLE tagout_owner LOGIN PASSWORD :'owner';
CREATE ROLE tagout LOGIN PASSWORD :'app';
SELECT current_database() AS here \gset
ALTER DATABASE :"here" OWNER TO tagout_owner;
REVOKE ALL ON DATABASE :"here" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"here" TO tagout;
GRANT USAGE ON SCHEMA public TO tagout;
ALTER DEFAULT PRIVILEGES FOR ROLE tagout_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tagout;
ALTER DEFAULT PRIVILEGES FOR ROLE tagout_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO tagout;
SQL
