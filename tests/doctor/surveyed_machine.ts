import type { BucketHosts, ServerTools } from "../../src/doctor/server/server_survey.ts";
import { ServerSurvey } from "../../src/doctor/server/server_survey.ts";
import { configOf, loadText } from "../config/loading.ts";

/** What a made-up machine has; a tool that is not given must not be asked for. */
export interface Machine {
  /** Lines of the account. */
  readonly account?: readonly string[];
  /** Lines of [NETWORK]. */
  readonly network?: readonly string[];
  readonly tools?: Partial<ServerTools>;
  readonly buckets?: readonly BucketHosts[];
  /** What the kernel says, by path. */
  readonly kernelFiles?: Readonly<Record<string, string>>;
}

/** The survey of a machine that does not exist. */
export function surveyOf(
  { account = [], network = [], tools, buckets = [], kernelFiles = {} }: Machine,
): ServerSurvey {
  const config = configOf(loadText(`[COS_ACCOUNT_0]
cos_secretid = AKIDexample
cos_secretkey = a key for tests
cos_bucket = examplebucket-1250000000
cos_region = ap-guangzhou
home_dir = /home/user
ftp_login_user_name = user
ftp_login_user_password = secret
${account.join("\n")}
[NETWORK]
${network.join("\n")}
[OPTIONAL]
log_file_enabled = false
`));
  const all = { addresses: () => [], libc: new Error("no libc"), ...tools };
  // Checks that write into it fail.
  return Object.freeze(
    new MadeSurvey(config, { tools: all as ServerTools, buckets, kernelFiles }),
  );
}

class MadeSurvey extends ServerSurvey {
  readonly #kernelFiles: Readonly<Record<string, string>>;

  constructor(
    config: ServerSurvey["config"],
    options: {
      tools: ServerTools;
      buckets: readonly BucketHosts[];
      kernelFiles: Readonly<Record<string, string>>;
    },
  ) {
    super(config, options);
    this.#kernelFiles = options.kernelFiles;
  }

  override kernelFile(path: string): string | undefined {
    return this.#kernelFiles[path];
  }
}
