/** Configuration packages: what their validation found, the states of their releases, and what an operation on them moves. */
export const packages = `
create table package_reports (
  seq bigint generated always as identity,
  id uuid primary key,
  site_id uuid not null references sites deferrable initially deferred,
  pull_request integer not null,
  head_sha text not null,
  base_sha text not null,
  digest text not null,
  report json not null,
  by_hand json not null,
  moves json not null,
  created_at timestamptz not null,
  unique (site_id, pull_request, digest)
);
create index package_reports_of_pull_request on package_reports (site_id, pull_request, seq);
create trigger package_reports_immutable before update or delete on package_reports
  for each row execute function belay_refuse_change();

create table package_releases (
  seq bigint generated always as identity,
  id uuid primary key,
  site_id uuid not null references sites deferrable initially deferred,
  root text not null,
  kind text not null,
  package text not null,
  version text not null,
  status text not null check (status in ('draft', 'committed', 'staged', 'released', 'superseded', 'vetoed')),
  digest text not null,
  pull_request integer,
  head_sha text,
  report_id uuid references package_reports deferrable initially deferred,
  staged_by text,
  staged_at timestamptz,
  released_at timestamptz,
  state_version integer not null,
  unique (site_id, root, kind, package, version)
);
create index package_releases_of_pull_request on package_releases (site_id, pull_request, seq);

alter table operations add column packages json;
`;
