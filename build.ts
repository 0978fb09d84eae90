// Makes dist/cosftp by `deno compile`, with the permissions of the `cosftp` task and the packages of the product only:
// compiled where it lies, the workspace would bring the tests' packages along, so it is compiled from a copy elsewhere.
// DENORT_BIN is honoured.

interface DenoConfig {
  readonly tasks: { readonly cosftp: { readonly command: string } };
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: unknown;
}

const ROOT = new URL("./", import.meta.url);
const STAGE = new URL(`file://${await Deno.makeTempDir({ prefix: "cosftp-build-" })}/`);

/** Copies a file or a folder with all that is in it. */
async function copy(from: URL, to: URL): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.pathname}/${name}`, from), new URL(`${to.pathname}/${name}`, to));
  }
}

async function stage({ imports, compilerOptions }: DenoConfig): Promise<void> {
  for (const name of ["main.ts", "src", "deno.lock"]) {
    await copy(new URL(name, ROOT), new URL(name, STAGE));
  }
  const config = { nodeModulesDir: "none", imports, compilerOptions };
  await Deno.writeTextFile(new URL("deno.json", STAGE), JSON.stringify(config));
}

async function compile({ tasks }: DenoConfig): Promise<number> {
  const permissions = tasks.cosftp.command.split(" ").filter((flag) => flag.startsWith("--"));
  const output = new URL("dist/cosftp", ROOT).pathname;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", ...permissions, "--output", output, "main.ts"],
    cwd: STAGE,
  }).spawn().status;
  return code;
}

const config: DenoConfig = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
let code: number;
try {
  await stage(config);
  code = await compile(config);
} finally {
  await Deno.remove(STAGE, { recursive: true });
}
Deno.exit(code);
