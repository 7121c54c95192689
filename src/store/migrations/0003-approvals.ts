/** Approvals by command, and on operations what they showed for approval and the policy they were judged by. */
export const approvals = `
create table approvals (
  seq bigint generated always as identity,
  id uuid primary key,
  site_id uuid not null references sites deferrable initially deferred,
  target_environment_id uuid not null references environments deferrable initially deferred,
  pull_request integer not null,
  kind text not null check (kind in ('promote', 'rollback')),
  by text not null,
  at timestamptz not null,
  comment_id bigint not null,
  bound json not null
);
create index approvals_of_pull_request on approvals (target_environment_id, pull_request, seq);
create trigger approvals_immutable before update or delete on approvals
  for each row execute function belay_refuse_change();

alter table operations add column shown json;
alter table operations add column policy_digest text;
`;
