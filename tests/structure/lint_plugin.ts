/** Where the process itself may be touched: it ends, its environment is read. */
const EDGE = /\/(main\.ts|src\/cli\/.*|src\/config\/load\.ts)$/;
const GUARDED = ["exit", "env"];

/** House rules for `deno lint` that no built-in rule covers; named in deno.json. */
const plugin: Deno.lint.Plugin = {
  name: "cosftp",
  rules: {
    /** `Deno.exit` and `Deno.env` only at the edge of the program. `console` has a rule of its own, `no-console`. */
    "process-at-the-edge": {
      create(context) {
        if (!/\/src\/|\/main\.ts$/.test(context.filename) || EDGE.test(context.filename)) return {};
        const report = (node: Deno.lint.Node, name: string) =>
          context.report({
            node,
            message: `Deno.${name} is for main.ts, src/cli and src/config/load.ts only`,
            hint: "Take what you need as a parameter, or return a result",
          });
        return {
          MemberExpression(node) {
            if (!isDeno(node.object)) return;
            const { property } = node;
            const name = property.type === "Identifier" ? property.name : literal(property);
            if (name && GUARDED.includes(name)) report(node, name);
          },
          VariableDeclarator(node) {
            if (!node.init || !isDeno(node.init) || node.id.type !== "ObjectPattern") return;
            for (const property of node.id.properties) {
              if (property.type !== "Property" || property.key.type !== "Identifier") continue;
              if (GUARDED.includes(property.key.name)) report(property, property.key.name);
            }
          },
        };
      },
    },
  },
};

/** `Deno` or `globalThis.Deno`. */
function isDeno(node: Deno.lint.Node): boolean {
  if (node.type === "Identifier") return node.name === "Deno";
  return node.type === "MemberExpression" && node.object.type === "Identifier" &&
    node.object.name === "globalThis" && node.property.type === "Identifier" &&
    node.property.name === "Deno";
}

function literal(node: Deno.lint.Node): string | undefined {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

export default plugin;
