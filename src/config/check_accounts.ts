import { type ReadSettings, usersOf } from "./assemble.ts";
import { SECTIONS } from "./keys.ts";
import type { Place, Problem } from "./problem.ts";
import { missingValue } from "./read_section.ts";

type ReadAccount = ReadSettings["accounts"][number];
type AccountKey = keyof typeof SECTIONS.COS_ACCOUNT.keys;

/** The name that needs no password. */
const ANONYMOUS = "anonymous";

/** Whether there is an account, each has a bucket that can be reached and somebody who may log in, and no two are alike. */
export function checkAccounts({ accounts, login }: ReadSettings, place: Place): Problem[] {
  const hasKeyLogin = login.values.cos_key_login === true;
  if (accounts.length === 0 && !hasKeyLogin) {
    return [{
      ...place,
      severity: "error",
      kind: "missing",
      message: "Cannot let anyone log in: found no account, wanted a section [COS_ACCOUNT_0]",
      remedy: "Add the section; conf/vsftpd.conf.example shows its keys",
    }];
  }
  const withoutEndpoint = [...accounts, ...hasKeyLogin ? [login] : []].filter(({ placeOf }) =>
    !placeOf("cos_region") && !placeOf("cos_endpoint")
  );
  return [
    ...accounts.flatMap(checkUsers),
    ...withoutEndpoint.map(({ section }): Problem => ({
      ...section.place,
      severity: "error",
      kind: "missing",
      section: section.name,
      key: "cos_region",
      wanted: SECTIONS.COS_ACCOUNT.keys.cos_region.type.wanted,
      message: `Cannot reach the bucket of [${section.name}]: found neither cos_region nor ` +
        "cos_endpoint, wanted one of them",
      remedy: "Add cos_region with the region of the bucket",
    })),
    ...checkUnique(accounts.flatMap(userNames)),
    ...checkUnique(accounts.flatMap(homeDirs)),
  ];
}

/** Each account has a user, and each user but anonymous a password. */
function checkUsers({ section, values, problems, placeOf }: ReadAccount): Problem[] {
  const isGiven = (key: AccountKey) =>
    values[key] !== undefined ||
    problems.some((problem) => problem.key === key || problem.key === `${key}_file`);
  const hasList = isGiven("ftp_login_users");
  const hasName = isGiven("ftp_login_user_name");
  const hasPassword = isGiven("ftp_login_user_password");
  const isAnonymous = values.ftp_login_user_name === ANONYMOUS;
  const missing: AccountKey[] = [];
  if (!hasName && (hasPassword || !hasList)) missing.push("ftp_login_user_name");
  if (!hasPassword && (hasName ? !isAnonymous : !hasList)) missing.push("ftp_login_user_password");
  return missing.map((key) =>
    missingValue(
      { section: section.name, key, ...(placeOf(key) ?? section.place) },
      SECTIONS.COS_ACCOUNT.keys[key].type.wanted,
    )
  );
}

/** A value that no other account may have. */
interface Unique {
  readonly section: string;
  readonly key: AccountKey;
  readonly place: Place | undefined;
  readonly value: string;
}

function userNames({ section, values, placeOf }: ReadAccount): Unique[] {
  return usersOf(values).map(({ name }, index): Unique => {
    const isFirst = index === 0 && values.ftp_login_user_name !== undefined;
    const key = isFirst ? "ftp_login_user_name" : "ftp_login_users";
    return { section: section.name, key, place: placeOf(key), value: name };
  });
}

function homeDirs({ section, values, placeOf }: ReadAccount): Unique[] {
  const value = values.home_dir?.replace(/(?<=.)\/+$/, "");
  if (value === undefined) return [];
  return [{ section: section.name, key: "home_dir", place: placeOf("home_dir"), value }];
}

function checkUnique(values: readonly Unique[]): Problem[] {
  const firstSections = new Map<string, string>();
  return values.flatMap(({ section, key, place, value }): Problem[] => {
    const first = firstSections.get(value);
    if (first === undefined) {
      firstSections.set(value, section);
      return [];
    }
    return [{
      ...place,
      severity: "error",
      kind: "duplicate",
      section,
      key,
      found: value,
      message: `Cannot use [${section}] ${key}: [${first}] has the same, wanted another`,
      remedy: "Give each account its own",
    }];
  });
}
