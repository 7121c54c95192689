/** Where the double knowingly departs from the letter of GitHub's description, and why. Each entry was looked at by a person. */

export type Exception = { readonly operation: string; readonly what: string; readonly reason: string };

export const EXCEPTIONS = [
  {
    operation: "GET /repositories/{repository_id}",
    what: "route",
    reason:
      "GitHub answers it (redirects of renamed repositories point there) but does not describe it; it is checked as GET /repos/{owner}/{repo}.",
  },
  {
    operation: "GET /repos/{owner}/{repo}/contents/{path}",
    what: "raw answer",
    reason:
      "With Accept: application/vnd.github.raw the file itself is the answer; the description knows JSON only.",
  },
  {
    operation: "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
    what: "/inputs",
    reason:
      "The description lets an input be anything; GitHub accepts strings, numbers and booleans, which the double checks by hand.",
  },
  {
    operation: "POST /app/hook/deliveries/{delivery_id}/attempts",
    what: "answer 202",
    reason: "Described as any object; GitHub answers an empty one.",
  },
  {
    operation: "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    what: "/target_url, /log_url, /environment_url",
    reason:
      "GitHub sends an empty text for an address that was not given, which its description does not permit; the double sends https://unset.invalid/ or nothing.",
  },
] as const satisfies readonly Exception[];

/** The operation that describes an undescribed route. */
export const DESCRIBED_AS: Readonly<Record<string, string>> = {
  "GET /repositories/{repository_id}": "GET /repos/{owner}/{repo}",
};
