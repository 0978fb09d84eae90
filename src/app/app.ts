/** The long-lived jobs, as subcommands start them. */
export { serveDemo } from "./demo.ts";
export { runEmulator } from "./emulator.ts";
export { serve } from "./serve.ts";
export { StartError } from "./start_error.ts";
