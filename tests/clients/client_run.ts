/** What a finished client left. */
export interface ClientOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A client that runs for longer than this hangs. Milliseconds. */
const TIME_LIMIT = 60_000;

/**
 * Runs a client to its end, in UTF-8, English and a home of its own.
 *
 * @param options.home also its working directory.
 * @param options.code the exit code wanted. @default 0
 * @throws with everything the client said when it ends with another code, or hangs.
 */
export async function runClient(
  command: readonly [program: string, ...args: string[]],
  options: {
    home: string;
    stdin?: string | Uint8Array;
    code?: number;
    env?: Record<string, string>;
  },
): Promise<ClientOutput> {
  const { home, stdin = "", code = 0 } = options;
  const [program, ...args] = command;
  const child = new Deno.Command(program, {
    args,
    cwd: home,
    clearEnv: true,
    env: clientEnvironment(home, options.env),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, TIME_LIMIT);
  const feeding = feed(child.stdin, stdin);
  const output = await child.output();
  clearTimeout(timer);
  await feeding;
  const decoder = new TextDecoder();
  const stdout = decoder.decode(output.stdout);
  const stderr = decoder.decode(output.stderr);
  if (hung || output.code !== code) {
    const end = hung ? "hung" : `ended with ${output.signal ?? output.code}, not ${code}`;
    throw new Error(
      `Cannot go on after ${program}: it ${end}\n$ ${command.join(" ")}\n${stdout}\n${stderr}`,
    );
  }
  return { stdout, stderr };
}

/** The environment of a client that knows nothing of the person who runs the tests. */
export function clientEnvironment(
  home: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    TERM: "dumb",
    ...more,
  };
}

async function feed(stdin: WritableStream<Uint8Array>, input: string | Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // The client ended without reading it all, which its exit code speaks of.
  }
}
