import { seededRandom } from "../seeded_random.ts";

/** Between 0 and 1. */
export type Random = () => number;

/** What is random in session `index` of `seed`, whatever the other sessions are. */
export function sessionRandom(seed: number, index: number): Random {
  return seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
}

/** One of `choices`, each as likely as the others. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** A whole number from 0 to `limit` - 1. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
