/** When an effect reached GitHub, or was given up: what people had before them at a moment, and how old it is. */
export const settled = `
alter table effects add column settled_at timestamptz;
create index effects_by_age on effects ((coalesce(settled_at, not_before))) where state <> 'pending';
create index deliveries_by_age on deliveries (received_at) where state <> 'pending';
`;
