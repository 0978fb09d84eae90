import { proxyChooser } from "../net/http_proxy.ts";
import type { Problem } from "./problem.ts";

/** The variables of a proxy that cannot be used. They are not cosftp's own, but it goes by them. */
export function proxyProblems(env: Readonly<Record<string, string>>): Problem[] {
  const secure = env.https_proxy === undefined ? "HTTPS_PROXY" : "https_proxy";
  return ["http_proxy", secure].flatMap((variable): Problem[] => {
    try {
      proxyChooser({ https: env[variable] });
      return [];
    } catch (error) {
      return [{
        variable,
        severity: "error",
        kind: "invalid",
        wanted: "http://host:port",
        message: (error as Error).message,
        remedy: `Set ${variable} to a proxy that speaks HTTP, or unset it`,
      }];
    }
  });
}
