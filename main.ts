import { run } from "./src/cli/program.ts";
import { systemTerminal } from "./src/cli/terminal.ts";

Deno.exit(await run(Deno.args, systemTerminal()));
