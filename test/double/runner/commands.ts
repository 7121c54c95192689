/** What a step says to its runner: workflow commands on its output, and the files for outputs, state and summary. */

export type Line = {
  readonly text: string;
  readonly mask?: string;
  readonly level?: "notice" | "warning" | "error" | "debug";
};

const decode = (text: string): string =>
  text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");

/** Reads one line of output. Text that is no command stays as it is. */
export const readLine = (line: string): Line => {
  const found = /^::(add-mask|notice|warning|error|debug|group|endgroup)(?: ([^:]*))?::(.*)$/s.exec(line);
  if (!found) return { text: line };
  const [, command = "", , raw = ""] = found;
  const text = decode(raw);
  if (command === "add-mask") return { text: "", mask: text };
  if (command === "group") return { text: `▼ ${text}` };
  if (command === "endgroup") return { text: "" };
  if (command === "notice" || command === "warning" || command === "error" || command === "debug") {
    return { text: `${command[0]?.toUpperCase()}${command.slice(1)}: ${text}`, level: command };
  }
  return { text: line };
};

/** Replaces every secret by `***`, the longest first, each of their lines too. */
export const mask = (text: string, secrets: ReadonlySet<string>): string => {
  const parts = [...secrets]
    .flatMap((secret) => [secret, ...secret.split("\n")])
    .filter((part) => part.trim().length > 2);
  return parts
    .sort((a, b) => b.length - a.length)
    .reduce((masked, part) => masked.replaceAll(part, "***"), text);
};

/** Reads `name=value` lines and `name<<END ... END` blocks. Throws where the real runner does. */
export const readAssignments = (text: string): Readonly<Record<string, string>> => {
  const lines = text.split(/\r?\n/);
  const found: Record<string, string> = {};
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const block = /^([^=]+?)<<(.+)$/.exec(line);
    if (block) {
      const [, name = "", end = ""] = block;
      const close = lines.indexOf(end, at + 1);
      if (close < 0) throw new Error(`Invalid value. Matching delimiter not found '${end}'`);
      found[name] = lines.slice(at + 1, close).join("\n");
      at = close;
    } else {
      const equals = line.indexOf("=");
      if (equals < 1) throw new Error(`Invalid format '${line}'`);
      found[line.slice(0, equals)] = line.slice(equals + 1);
    }
  }
  return found;
};
