-- The roles and the database, made by the superuser: by the launcher for the embedded server, by the image of
-- docker-compose.yml for the other. Running it again changes nothing that is there. The passwords come from the
-- environment. The owner runs the migrations; the application may do only what they grant it, and row-level security
-- shows it only what the person at work has a relation to. Sweeps and the receiving of messages are roles that the
-- application takes on by name (`set role`) and never has by itself.
\getenv owner_password OVERGANG_OWNER_PASSWORD
\getenv app_password OVERGANG_APP_PASSWORD
select format('create role overgang_owner login password %L', :'owner_password')
 where not exists (select from pg_roles where rolname = 'overgang_owner') \gexec
select format('create role overgang_app login password %L', :'app_password')
 where not exists (select from pg_roles where rolname = 'overgang_app') \gexec
select format('create role %I nologin', name) from unnest('{overgang_sweeps,overgang_messages}'::text[]) name
 where not exists (select from pg_roles where rolname = name) \gexec
grant overgang_sweeps, overgang_messages to overgang_app with inherit false, set true;
select 'create database overgang owner overgang_owner'
 where not exists (select from pg_database where datname = 'overgang') \gexec
