/** What the exit code of ansible-playbook means. Codes are append-only; docs/errors.md tells their remedies. */
export type AnsibleError = { readonly code: string; readonly message: string };

const MEANINGS: Readonly<Record<number, AnsibleError>> = {
  1: { code: "ANSIBLE_PLAY_ERROR", message: "Ansible could not run the playbook." },
  2: { code: "ANSIBLE_HOST_FAILED", message: "A step of the playbook failed on a host." },
  4: { code: "ANSIBLE_HOST_UNREACHABLE", message: "A host could not be reached over ssh." },
  5: { code: "ANSIBLE_SYNTAX_ERROR", message: "The playbook or the inventory could not be parsed." },
  250: { code: "ANSIBLE_UNEXPECTED_ERROR", message: "Ansible ended with an unexpected error." },
};

/**
 * @param exitCode of ansible-playbook; undefined when it was ended by a signal
 * @param begun whether it told of a step: 4 is also what Ansible says of what it could not parse, and that comes before the first
 */
export function ansibleError(exitCode: number | undefined, begun: boolean): AnsibleError {
  const meant = exitCode === 4 && !begun ? 5 : exitCode;
  const known = meant === undefined ? undefined : MEANINGS[meant];
  return (
    known ?? {
      code: "ANSIBLE_UNKNOWN_EXIT",
      message: `ansible-playbook ended with the exit code ${exitCode ?? "of a signal"}.`,
    }
  );
}
