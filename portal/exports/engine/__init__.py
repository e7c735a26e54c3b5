"""Files of tables: CSV, XLSX, Parquet and NDJSON."""
