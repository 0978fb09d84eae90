/** Whether a name holds characters that {@linkcode globMatcher} gives a meaning to. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/**
 * A test for names that match a shell pattern: `*`, `?`, `[abc]`, `[a-z]`, `[!a]`. As with a server's ls, names that begin
 * with a dot match too. Takes time linear in the name's length for each `*`.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const tokens = tokenize([...pattern]);
  return (name) => matches(tokens, [...name]);
}

type Token = "any" | ((character: string) => boolean);

function tokenize(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!;
    const close = character === "[" ? pattern.indexOf("]", index + 2) : -1;
    if (character === "*") {
      if (tokens.at(-1) !== "any") tokens.push("any");
    } else if (character === "?") tokens.push(() => true);
    else if (close !== -1) {
      tokens.push(characterClass(pattern.slice(index + 1, close)));
      index = close;
    } else tokens.push((other) => other === character);
  }
  return tokens;
}

function characterClass(members: readonly string[]): (character: string) => boolean {
  const negated = members[0] === "!" || members[0] === "^";
  const inside = negated ? members.slice(1) : members;
  const ranges: [string, string][] = [];
  for (let index = 0; index < inside.length; index++) {
    const first = inside[index]!;
    const isRange = inside[index + 1] === "-" && index + 2 < inside.length;
    ranges.push([first, isRange ? inside[index + 2]! : first]);
    if (isRange) index += 2;
  }
  return (character) =>
    ranges.some(([first, last]) => first <= character && character <= last) !== negated;
}

/** Greedy with one point to come back to, the last `*`: never exponential. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let [token, at] = [0, 0];
  let back: { token: number; at: number } | undefined;
  while (at < name.length || token < tokens.length) {
    const next = tokens[token];
    if (next === "any") {
      back = { token: ++token, at };
    } else if (next !== undefined && at < name.length && next(name[at]!)) {
      token++;
      at++;
    } else if (back && back.at < name.length) {
      token = back.token;
      at = ++back.at;
    } else return false;
  }
  return true;
}
