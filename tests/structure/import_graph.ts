/** One import, type-only ones included. Files are paths from the repository's root; packages and built-ins are as written. */
export interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** What `deno info --json` says of a module, as far as it is used here. */
interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
  }[];
}

/**
 * Every import of `files` and of the files they import.
 *
 * @param root The repository's directory as a `file:` URL that ends with a slash.
 * @param files Paths from there.
 * @throws Error that names the imports that lead nowhere.
 */
export async function readImports(root: URL, files: readonly string[]): Promise<Import[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(new URL(file, root).href)};\n`);
    await Deno.writeTextFile(entry, lines.join(""));
    const config = new URL("deno.json", root).pathname;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--quiet", "--json", "--config", config, entry],
    }).output();
    if (!success) {
      throw new Error(`Cannot read the import graph: ${new TextDecoder().decode(stderr)}`);
    }
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: ModuleInfo[] };
    return modules
      .filter(({ specifier }) => specifier.startsWith(root.href))
      .flatMap((module) => importsOf(module, root));
  } finally {
    await Deno.remove(entry);
  }
}

function importsOf({ specifier, error, dependencies = [] }: ModuleInfo, root: URL): Import[] {
  const from = specifier.slice(root.href.length);
  if (error) throw new Error(`Cannot read the imports of ${from}: ${error}`);
  return dependencies.map(({ code, type }) => {
    const to = code?.specifier ?? type?.specifier;
    if (!to) {
      throw new Error(`Cannot follow an import of ${from}: ${code?.error ?? type?.error}`);
    }
    return {
      from,
      to: to.startsWith(root.href) ? to.slice(root.href.length) : to,
      typeOnly: code === undefined,
    };
  });
}

/** What of `imports` the program that begins in `entry` can come to at run time, directly or not. */
export function reachableFrom(entry: string, imports: readonly Import[]): Import[] {
  const importsByFile = Map.groupBy(imports.filter((edge) => !edge.typeOnly), (edge) => edge.from);
  const seen = new Set([entry]);
  const reached: Import[] = [];
  // A set that grows while it is iterated over is iterated over to its last member.
  for (const file of seen) {
    for (const edge of importsByFile.get(file) ?? []) {
      reached.push(edge);
      seen.add(edge.to);
    }
  }
  return reached;
}
