"""The tables of the simulator's store."""

SCHEMA = """
create table if not exists facts (key text primary key, value text not null) without rowid;
create table if not exists incidents (
    workspace text not null,
    name text not null,
    number integer not null,
    created integer not null,
    modified integer not null,
    status text not null,
    severity text not null,
    title text not null,
    owner text not null default '',
    etag text not null,
    properties blob not null,
    recipe text,
    details blob,
    previous blob,
    mangled blob,
    truth text,
    primary key (workspace, name)
);
create index if not exists incidents_modified on incidents (workspace, modified, name);
create index if not exists incidents_created on incidents (workspace, created, name);
create unique index if not exists incidents_number on incidents (workspace, number);
create index if not exists incidents_name on incidents (name);
create table if not exists parts (
    workspace text not null,
    incident text not null,
    kind text not null,
    name text not null,
    etag text not null,
    created integer not null,
    properties blob not null,
    primary key (workspace, incident, kind, name)
);
create table if not exists resources (
    workspace text not null,
    kind text not null,
    name text not null,
    etag text not null,
    body blob not null,
    primary key (workspace, kind, name)
);
create table if not exists journal (
    id integer primary key,
    at integer not null,
    method text not null,
    path text not null,
    principal text not null,
    status integer not null,
    before text,
    after text,
    body_hash text not null,
    applied integer not null,
    effect text not null
);
create table if not exists runs (
    id integer primary key,
    at integer not null,
    kind text not null,
    workspace text not null,
    name text not null,
    incident text not null,
    detail text not null
);
"""
