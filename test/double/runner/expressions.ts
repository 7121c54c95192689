/**
 * The part of GitHub's expression language that Belay's workflow files use: names, texts, `==`, `!=`, `!`, `&&`, `||`, brackets and the
 * four status functions. Anything else throws: better a test that stops than a value that GitHub would not have computed.
 */

export type Value = string | number | boolean | null;
export type Context = {
  /** `github`, `inputs`, `secrets`, `vars`, `env`, `steps`, `needs`, `runner`: nested objects of values. */
  readonly names: Readonly<Record<string, unknown>>;
  readonly status: { readonly failed: boolean; readonly cancelled: boolean };
};

const TOKEN =
  /\s*(?:('(?:[^']|'')*')|(\d+(?:\.\d+)?)|(&&|\|\||==|!=|[!()])|([A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*)*))/y;

const tokenize = (text: string): readonly string[] => {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found)
      throw new Error(`the double cannot read the expression "${text.trim()}" from "${text.slice(at)}" on`);
    tokens.push(found[0].trim());
  }
  return tokens;
};

/** Names that may be missing: GitHub gives an empty text. A missing `inputs` or `github` name is a mistake of the file. */
const MAY_MISS = new Set(["secrets", "vars", "env", "steps", "needs"]);

const lookup = (path: string, names: Context["names"]): Value => {
  const [root = "", ...rest] = path.split(".");
  if (!(root in names)) throw new Error(`the double knows no context ${root} in "${path}"`);
  let value: unknown = names[root];
  for (const key of rest) {
    const known =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name.toLowerCase() === key.toLowerCase())
        : undefined;
    if (!known && !MAY_MISS.has(root)) throw new Error(`there is no ${path}`);
    value = known?.[1] ?? null;
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null)
    return value;
  throw new Error(`${path} is no plain value`);
};

const truthy = (value: Value): boolean => value !== null && value !== "" && value !== 0 && value !== false;

/** GitHub compares texts without regard to case. */
const equal = (a: Value, b: Value): boolean =>
  typeof a === "string" && typeof b === "string" ? a.toLowerCase() === b.toLowerCase() : a === b;

const FUNCTIONS: Readonly<Record<string, (status: Context["status"]) => boolean>> = {
  always: () => true,
  success: ({ failed, cancelled }) => !failed && !cancelled,
  failure: ({ failed, cancelled }) => failed && !cancelled,
  cancelled: ({ cancelled }) => cancelled,
};

const LITERALS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };

/** The value of an expression without its `${{ }}`. Throws for what is beyond the subset. */
export const evaluate = (text: string, context: Context): Value => {
  const tokens = [...tokenize(text)];
  const expect = (token: string): void => {
    if (tokens.shift() !== token) throw new Error(`"${token}" is missing in "${text.trim()}"`);
  };
  const primary = (): Value => {
    const token = tokens.shift() ?? "";
    if (token === "!") return !truthy(primary());
    if (token === "(") {
      const value = or();
      expect(")");
      return value;
    }
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^\d/.test(token)) return Number(token);
    if (token in LITERALS) return LITERALS[token] ?? null;
    if (tokens[0] !== "(") return lookup(token, context.names);
    const call = FUNCTIONS[token];
    if (!call) throw new Error(`the double knows no function ${token}()`);
    expect("(");
    expect(")");
    return call(context.status);
  };
  const comparison = (): Value => {
    const left = primary();
    if (tokens[0] !== "==" && tokens[0] !== "!=") return left;
    const wanted = tokens.shift() === "==";
    return equal(left, primary()) === wanted;
  };
  const and = (): Value => {
    let value = comparison();
    while (tokens[0] === "&&") {
      tokens.shift();
      const right = comparison();
      value = truthy(value) ? right : value;
    }
    return value;
  };
  const or = (): Value => {
    let value = and();
    while (tokens[0] === "||") {
      tokens.shift();
      const right = and();
      value = truthy(value) ? value : right;
    }
    return value;
  };
  const value = or();
  if (tokens.length > 0)
    throw new Error(`the double cannot read "${text.trim()}" from "${tokens.join(" ")}" on`);
  return value;
};

/** A text with every `${{ }}` in it replaced by its value. */
export const interpolate = (text: string, context: Context): string =>
  text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => String(evaluate(expression, context) ?? ""));

/** Whether an `if:` holds; without a status function GitHub adds `success() &&`. */
export const holds = (condition: string | boolean | undefined, context: Context): boolean => {
  const text = String(condition ?? "success()").replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1");
  const own = truthy(evaluate(text, context));
  return /\b(always|success|failure|cancelled)\s*\(/.test(text)
    ? own
    : own && !context.status.failed && !context.status.cancelled;
};
