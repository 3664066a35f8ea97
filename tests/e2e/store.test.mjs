// The storage suite (tests/store/suite.json) in a real object and in D1; tests/it runs it in the native twin.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startWorld } from "./world.mjs";

const suite = JSON.parse(await readFile(new URL("../store/suite.json", import.meta.url), "utf8"));
const objectName = (number) => number.toString(16).padStart(40, "0");
let world;

before(async () => (world = await startWorld()));
after(() => world.stop());

const run = async (where) => {
  const { status, json, text } = await world.fetch("/dev/store-suite", { method: "POST", body: where });
  assert.equal(status, 200, text);
  return json;
};

for (const [number, { name, statements, rows, error, after: then }] of suite.entries()) {
  test(`in an object: ${name}`, async () => {
    const where = { on: "object", name: objectName(number + 1), atomic: true };
    const answer = await run({ ...where, statements });
    if (error) assert.ok(answer.error, JSON.stringify(answer));
    else assert.deepEqual(answer, { results: rows });
    if (then) assert.deepEqual(await run({ ...where, statements: [{ sql: then.sql }] }), { results: [then.rows] });
  });

  test(`in D1: ${name}`, async () => {
    // One statement a call: several in one batch come back as objects, whose columns have no order of their own.
    const where = { on: "d1", name: "", atomic: true };
    if (error) {
      assert.ok((await run({ ...where, statements })).error);
      if (then) assert.deepEqual(await run({ ...where, statements: [{ sql: then.sql }] }), { results: [then.rows] });
      return;
    }
    for (const [place, statement] of statements.entries()) {
      assert.deepEqual(await run({ ...where, statements: [statement] }), { results: [rows[place]] }, statement.sql);
    }
  });
}
