/** Tells the process that started this one, on stdout, that it serves on `port` of 127.0.0.1. */
export function announceReady(port: number): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`ready ${port}\n`));
}
