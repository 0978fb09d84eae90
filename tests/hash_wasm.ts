/** The independent judge of checksums. */
export { createCRC64 } from "npm:hash-wasm@4.13.0";
