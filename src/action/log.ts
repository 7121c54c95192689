/** Lines of the run's log. What a host, the bot or Ansible says is text there, never a command to the runner. */
import * as core from "@actions/core";

/** The runner obeys lines that begin with `::`, and `##[` anywhere in one. */
export function withoutCommands(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^(\s*):(?=:)/, "$1: ").replaceAll("##[", "## ["))
    .join("\n");
}

export const say = (text: string): void => core.info(withoutCommands(text));
