/**
 * Deliveries and effects: outages do not count against them, and one repository's do not wait for another's. Operations: attempts,
 * the queue for an environment, recoveries. Locks show a heartbeat, and people may lock an environment. Sweeps of the reconciler.
 */
export const work = `
alter table deliveries add column stream text not null default '';
alter table deliveries add column faults integer not null default 0;
alter table deliveries add column outage text;
update deliveries set faults = attempts, stream = coalesce(payload -> 'repository' ->> 'id', '');
create index deliveries_at_work on deliveries (stream) where leased_until is not null;
create index deliveries_set_aside on deliveries (seq) where state = 'failed';

alter table effects add column faults integer not null default 0;
alter table effects add column outage text;
update effects set faults = attempts;
create index effects_set_aside on effects (seq) where state = 'failed';
create index effects_of_operation on effects (operation_id) where state = 'pending';

alter table operations add column dispatched_at timestamptz;
alter table operations add column attempt integer not null default 1;
alter table operations add column retry_at timestamptz;
alter table operations add column queued_at timestamptz;
alter table operations add column recoveries integer not null default 0;
alter table operations add column recover_at timestamptz;
create index operations_waiting on operations (seq) where state in ('waiting', 'unknown');
update operations set dispatched_at = requested_at where run_id is not null;

alter table jobs add column attempt integer not null default 1;
create index jobs_open on jobs (seq) where state in ('queued', 'running');

alter table locks add column heartbeat_at timestamptz;
update locks set heartbeat_at = acquired_at;
alter table locks alter column heartbeat_at set not null;

create table person_locks (
  environment_id uuid primary key references environments deferrable initially deferred,
  login text not null,
  reason text not null,
  pull_request integer not null,
  acquired_at timestamptz not null
);

create table sweeps (
  name text primary key,
  swept_at timestamptz not null,
  leased_until timestamptz
);

create table redeliveries (
  guid text primary key,
  attempts integer not null,
  asked_at timestamptz not null
);
create index api_requests_by_age on api_requests (at);
`;
