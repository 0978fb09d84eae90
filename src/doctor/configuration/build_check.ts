import type { Check } from "../check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";

/** Whether everything that `serve` is made of can be made on this machine. Nothing listens, and nobody is asked. */
export const buildCheck: Check<ConfigurationSubject> = {
  id: "config.build",
  title: "Everything that serve is made of can be made: memory, accounts, stores",
  needs: ["config.problems"],
  mode: "offline",
  async run({ loaded, build }) {
    if (!loaded.config) return [];
    try {
      await build(loaded.config);
      return [{ status: "pass", summary: "The gateway can be made of it" }];
    } catch (error) {
      return [{
        status: "fail",
        summary: `The gateway cannot be made of it: ${(error as Error).message}`,
        remedy: {
          text: error instanceof RangeError
            ? "Lower upload_memory_max, or raise what the process may have (ulimit -v, MemoryMax)"
            : "Change what the message names, in the configuration or the environment",
        },
      }];
    }
  },
};
