-- The owner's chores: privileges, maintenance, comments, what a dump or a migration tool sends.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.actor (
    actor_id integer NOT NULL,
    first_name character varying(45) NOT NULL,
    last_name character varying(45) NOT NULL,
    last_update timestamp without time zone DEFAULT '2020-01-01 00:00:00'::timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.actor_actor_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.actor_actor_id_seq OWNED BY public.actor.actor_id;
ALTER TABLE ONLY public.actor ALTER COLUMN actor_id SET DEFAULT nextval('public.actor_actor_id_seq'::regclass);
INSERT INTO public.actor VALUES (1, 'PENELOPE', 'GUINESS', '2006-02-15 04:34:33');
INSERT INTO public.actor (actor_id, first_name, last_name) VALUES (2, 'NICK', 'WÄHLBERG');
SELECT pg_catalog.setval('public.actor_actor_id_seq', 200, true);
ALTER TABLE ONLY public.actor ADD CONSTRAINT actor_pkey PRIMARY KEY (actor_id);
CREATE INDEX idx_actor_last_name ON public.actor USING btree (last_name);
INSERT INTO public.actor (first_name, last_name) VALUES ('ED', 'CHASE') RETURNING actor_id;
COMMENT ON TABLE public.actor IS 'People';
SELECT * FROM public.actor ORDER BY actor_id;
SELECT * FROM actor;
RESET ALL;
SELECT * FROM actor ORDER BY actor_id;
analyze actor;
analyze actor (first_name, last_name);
vacuum actor;
vacuum (analyze) actor;
vacuum full actor;
reindex table actor;
reindex index idx_actor_last_name;
cluster actor using actor_pkey;
begin;
vacuum actor;
rollback;
analyze nosuch;
vacuum nosuch;
reindex table nosuch;
checkpoint;
grant select on actor to public;
grant select, insert on actor to current_user;
grant all privileges on all tables in schema public to current_user;
grant usage on schema public to public;
grant usage, select on sequence actor_actor_id_seq to public;
grant select (first_name) on actor to public;
revoke all on actor from public;
revoke insert on actor from current_user;
insert into actor (first_name, last_name) values ('NOT', 'ALLOWED');
grant insert on actor to current_user;
insert into actor (first_name, last_name) values ('NOW', 'ALLOWED') returning actor_id;
grant fly on actor to public;
grant select on nosuch to public;
grant select on actor to nosuch;
alter default privileges in schema public grant select on tables to public;
alter table actor owner to nosuch;
alter table actor owner to current_user;
create role someone;
create database another;
drop database another;
create user joe with password 'x';
drop role nosuch;
drop role if exists nosuch;
drop database if exists nosuch;
drop database nosuch;
create extension if not exists plpgsql;
alter system set work_mem = '8MB';
set session authorization nosuch;
select pg_reload_conf();
select pg_sleep(0);
select set_config('work_mem', '16MB', false), current_setting('work_mem');
copy actor to '/tmp/x';
copy actor from program 'true';
create table backup_actor as table actor;
select count(*) from backup_actor;
create table copy_actor (like actor including defaults including constraints);
insert into copy_actor select * from actor where actor_id = 1 returning actor_id, first_name;
alter table copy_actor rename to archive;
alter table archive set unlogged;
alter table archive set logged;
alter table archive set (autovacuum_enabled = false);
alter table archive cluster on nosuch;
drop table archive, backup_actor;
create rule no_delete as on delete to actor do instead nothing;
delete from actor;
select count(*) from actor;
drop rule no_delete on actor;
create policy p on actor using (true);
alter table actor enable row level security;
drop policy p on actor;
alter table actor disable row level security;
do $$ begin null; end $$;
drop table actor cascade;
drop sequence actor_actor_id_seq;
