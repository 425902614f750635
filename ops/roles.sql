-- The two roles and the database, made once by the superuser: by the launcher for the embedded server, by the image of
-- docker-compose.yml for the other. The passwords come from the environment. The owner runs the migrations; the application may
-- do only what they grant it.
\getenv owner_password OVERGANG_OWNER_PASSWORD
\getenv app_password OVERGANG_APP_PASSWORD
select format('create role overgang_owner login password %L', :'owner_password')
 where not exists (select from pg_roles where rolname = 'overgang_owner') \gexec
select format('create role overgang_app login password %L', :'app_password')
 where not exists (select from pg_roles where rolname = 'overgang_app') \gexec
select 'create database overgang owner overgang_owner'
 where not exists (select from pg_database where datname = 'overgang') \gexec
