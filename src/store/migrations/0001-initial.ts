/** The first tables. References are checked at the end of a transaction, so that rows may be written in any order. */
export const initial = `
create table sites (
  seq bigint generated always as identity,
  id uuid primary key,
  name text not null,
  repository_id bigint not null unique,
  repository_owner text not null,
  repository_name text not null,
  installation_id bigint not null,
  default_branch text not null
);

create table environments (
  seq bigint generated always as identity,
  id uuid primary key,
  site_id uuid not null references sites deferrable initially deferred,
  name text not null,
  type text not null check (type in ('production', 'staging', 'clone')),
  branch text not null,
  url text not null,
  status text not null check (status in ('active', 'cloning', 'deploying', 'restoring', 'failed')),
  drift_status text not null check (drift_status in ('unknown', 'clean', 'drifted')),
  drift_checked_at timestamptz,
  last_drift_check_id uuid,
  current_release_id uuid,
  state_version integer not null,
  unique (site_id, name)
);

create table pull_requests (
  repository_id bigint not null,
  number integer not null,
  base_ref text not null,
  head_ref text not null,
  head_repository_id bigint,
  author text not null,
  title text not null,
  state text not null check (state in ('open', 'closed', 'merged')),
  primary key (repository_id, number)
);

create table pull_request_heads (
  seq bigint generated always as identity,
  repository_id bigint not null,
  number integer not null,
  sha text not null,
  changed_at timestamptz not null,
  seen_at timestamptz not null,
  primary key (repository_id, number, sha, changed_at)
);

create table operations (
  seq bigint generated always as identity,
  id uuid primary key,
  kind text not null,
  site_id uuid not null references sites deferrable initially deferred,
  source_environment_id uuid not null references environments deferrable initially deferred,
  target_environment_id uuid not null references environments deferrable initially deferred,
  pull_request integer,
  head_sha text not null,
  state text not null,
  requested_by text not null,
  requested_at timestamptz not null,
  comment_id bigint,
  nonce text not null unique,
  baseline_id uuid,
  drift_check_id uuid,
  backup_id uuid,
  release_id uuid,
  settings_digest text not null,
  release_before text,
  release_after text,
  verdict json,
  plan json,
  refresh json,
  progress json not null,
  result_code text,
  result_message text,
  cancel_reason text,
  run_id bigint,
  run_url text,
  commented_at timestamptz,
  finished_at timestamptz,
  state_version integer not null
);
create index operations_of_target on operations (target_environment_id, seq);
create index operations_of_source on operations (source_environment_id, seq);
create index operations_of_site on operations (site_id, pull_request, seq);

create table jobs (
  seq bigint generated always as identity,
  id uuid primary key,
  operation_id uuid not null references operations deferrable initially deferred,
  environment_id uuid not null references environments deferrable initially deferred,
  type text not null,
  state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  created_at timestamptz not null,
  claimed_at timestamptz,
  finished_at timestamptz,
  timeout_s integer not null,
  attempt_count integer not null,
  run_id bigint,
  input json,
  report json,
  answer json,
  error_code text,
  error_message text,
  state_version integer not null
);
create index jobs_of_operation on jobs (operation_id, seq);
create index jobs_of_environment on jobs (environment_id, seq);

create table releases (
  seq bigint generated always as identity,
  id uuid primary key,
  site_id uuid not null references sites deferrable initially deferred,
  environment_id uuid not null references environments deferrable initially deferred,
  operation_id uuid not null references operations deferrable initially deferred,
  digest text not null,
  status text not null,
  bytes bigint not null,
  manifest json not null,
  created_at timestamptz not null,
  unique (site_id, digest)
);

create table baselines (
  seq bigint generated always as identity,
  id uuid primary key,
  source_environment_id uuid not null references environments deferrable initially deferred,
  target_environment_id uuid not null references environments deferrable initially deferred,
  operation_id uuid not null references operations deferrable initially deferred,
  source json not null,
  target json not null,
  created_at timestamptz not null
);
create index baselines_of_pair on baselines (source_environment_id, target_environment_id, seq);

create table drift_checks (
  seq bigint generated always as identity,
  id uuid primary key,
  environment_id uuid not null references environments deferrable initially deferred,
  source_environment_id uuid not null references environments deferrable initially deferred,
  operation_id uuid not null references operations deferrable initially deferred,
  baseline_id uuid references baselines deferrable initially deferred,
  status text not null check (status in ('unknown', 'clean', 'drifted')),
  fingerprint json not null,
  drift json,
  checked_at timestamptz not null
);
create index drift_checks_of_baseline on drift_checks (environment_id, baseline_id, seq);

create table backups (
  seq bigint generated always as identity,
  id uuid primary key,
  environment_id uuid not null references environments deferrable initially deferred,
  operation_id uuid not null references operations deferrable initially deferred,
  state text not null check (state in ('pending', 'running', 'completed', 'failed', 'expired')),
  scope text not null check (scope in ('db', 'files', 'full')),
  snapshot text,
  taken_at timestamptz,
  bytes bigint not null,
  proof json,
  created_at timestamptz not null,
  error_message text,
  -- completed means restored and compared
  check (state <> 'completed' or (proof is not null and taken_at is not null and snapshot is not null))
);
create index backups_of_environment on backups (environment_id, taken_at, seq);

create table locks (
  environment_id uuid primary key references environments deferrable initially deferred,
  operation_id uuid not null references operations deferrable initially deferred,
  acquired_at timestamptz not null
);

create table claimed_keys (
  key text primary key,
  claimed_at timestamptz not null
);

create table deliveries (
  seq bigint generated always as identity,
  id text primary key,
  event text not null,
  payload json not null,
  received_at timestamptz not null,
  state text not null check (state in ('pending', 'done', 'failed')),
  attempts integer not null,
  not_before timestamptz not null,
  leased_until timestamptz,
  last_error text
);
create index deliveries_pending on deliveries (seq) where state = 'pending';

create table effects (
  seq bigint generated always as identity primary key,
  id uuid not null unique,
  repository_id bigint not null,
  stream text not null,
  operation_id uuid references operations deferrable initially deferred,
  repository json not null,
  effect json not null,
  state text not null check (state in ('pending', 'done', 'failed', 'superseded')),
  attempts integer not null,
  not_before timestamptz not null,
  leased_until timestamptz,
  last_error text
);
create index effects_pending on effects (repository_id, stream, seq) where state = 'pending';
create index effects_stream on effects (repository_id, stream, seq);

create table resources (
  repository_id bigint not null,
  stream text not null,
  external_id bigint,
  url text,
  primary key (repository_id, stream)
);

create table audit_log (
  seq bigint primary key,
  actor text not null,
  action text not null,
  subject text not null,
  site_id uuid,
  reason text not null,
  details json not null,
  at timestamptz not null,
  previous_hash text not null unique,
  hash text not null unique
);
create index audit_log_of_site on audit_log (site_id, seq);

create function belay_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, lower(tg_op);
end $$;
create trigger audit_log_append_only before update or delete on audit_log
  for each row execute function belay_refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log
  for each statement execute function belay_refuse_change();
create trigger baselines_immutable before update or delete on baselines
  for each row execute function belay_refuse_change();
create trigger drift_checks_immutable before update or delete on drift_checks
  for each row execute function belay_refuse_change();
`;
