/** When an effect reached GitHub, or was given up: what people had before them at a moment, and how old it is. */
export const settled = `
alter table effects add column settled_at timestamptz;
create index effects_settled on effects (settled_at) where settled_at is not null;
`;
