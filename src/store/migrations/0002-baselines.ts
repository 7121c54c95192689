/** What a command said after its word; both sides compared for a declared baseline; digests that show a damaged record. */
export const baselines = `
alter table operations add column asked json not null default '{"full":false,"accept":null}';
alter table operations add column comparison json;
alter table baselines add column digest text;
alter table drift_checks add column digest text;
`;
