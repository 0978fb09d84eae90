/** A configuration that is right. */
export const VALID = [
  "[COS_ACCOUNT_0]",
  "cos_secretid = AKIDexample",
  "cos_secretkey = a-secret-key",
  "cos_bucket = photos-1250000001",
  "cos_region = ap-guangzhou",
  "ftp_login_user_name = alice",
  "ftp_login_user_password = correct-horse",
  "[NETWORK]",
  "listen_port = 2100",
  "",
].join("\n");

/** A file that is gone when it is disposed of. */
export async function configurationFile(
  text: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempFile({ suffix: ".conf" });
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
