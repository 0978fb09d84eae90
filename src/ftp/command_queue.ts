import { nextTurn } from "../net/connection.ts";
import type { Command } from "./control_line.ts";

/** How many commands may wait behind the one that runs; then the control connection is not read any more. */
const QUEUE_MAX = 64;

/** So many commands in a row, that were all there, are carried out before other sessions have their turn. */
const TURN = 8;

/** What waits to be carried out, in order: a command, or the report of a line that was too long. */
export type QueuedCommand = Command | "too-long";

/** Commands between the reader of a control connection and the one that carries them out. */
export class CommandQueue {
  readonly #commands: QueuedCommand[] = [];
  #ended = false;
  #idle = true;
  /** How many were given out without waiting. */
  #inTurn = 0;
  #wake: (() => void) | undefined;
  #room: (() => void) | undefined;
  #settle: (() => void) | undefined;

  /** Waits while the queue is full. Commands after {@linkcode CommandQueue.end} are dropped. */
  async push(command: QueuedCommand): Promise<void> {
    if (this.#ended) return;
    this.#commands.push(command);
    this.#idle = false;
    this.#wake?.();
    while (this.#commands.length >= QUEUE_MAX && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#room = resolve;
      await promise;
    }
  }

  /** The next command, or null after the last one. One caller at a time. */
  async next(): Promise<QueuedCommand | null> {
    while (this.#commands.length === 0 && !this.#ended) {
      this.#idle = true;
      this.#inTurn = 0;
      this.#settle?.();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#inTurn++ === TURN) {
      this.#inTurn = 1;
      await nextTurn();
    }
    const command = this.#commands.shift() ?? null;
    this.#room?.();
    return command;
  }

  /** Waits until all commands were carried out, so that one more is asked for, or the end. One caller at a time. */
  async settled(): Promise<void> {
    while (!this.#idle && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#settle = resolve;
      await promise;
    }
  }

  /** Whether a command with this verb and no argument waits. */
  includes(verb: string): boolean {
    return this.#commands.some((command) =>
      command !== "too-long" && command.verb === verb && command.argument.length === 0
    );
  }

  /** No more commands come; those that wait are still given out. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#room?.();
    this.#settle?.();
  }

  /** Drops what waits, and ends. */
  clear(): void {
    this.#commands.length = 0;
    this.end();
  }
}
