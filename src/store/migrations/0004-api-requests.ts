/** Requests of the API that came with a key of their own, and what they were answered: a repetition is answered alike. */
export const apiRequests = `
create table api_requests (
  login text not null,
  key text not null,
  request text not null,
  answer json not null,
  at timestamptz not null,
  primary key (login, key)
);
create trigger api_requests_immutable before update on api_requests
  for each row execute function belay_refuse_change();
`;
