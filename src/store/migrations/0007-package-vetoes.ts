/** Who vetoed a package's release, when and why, and what it was before. */
export const packageVetoes = `
alter table package_releases add column veto json;
`;
