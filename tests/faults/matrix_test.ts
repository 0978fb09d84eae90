import assert from "node:assert/strict";
import { playRow, ROWS, writtenRows } from "./matrix.ts";

for (const row of ROWS) {
  const { scenario: { name }, operation } = row;
  Deno.test(`fault matrix: ${name}, ${operation}`, async () => {
    const written = writtenRows().find((fields) => fields[0] === name && fields[1] === operation);
    assert.deepEqual(await playRow(row), written);
  });
}

Deno.test("fault matrix of tests/README.md has these rows and no others", () => {
  const written = writtenRows().map(([name, operation]) => `${name}, ${operation}`);
  assert.deepEqual(
    written,
    ROWS.map(({ scenario, operation }) => `${scenario.name}, ${operation}`),
  );
});
