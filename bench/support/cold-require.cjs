// Loads files one after the other in this fresh process and prints the milliseconds of each.
// Plain CommonJS, since a loader for types would be part of the measurement: node cold-require.cjs '["a","b"]' '["preloaded"]'
'use strict';
const [files, preloaded] = process.argv.slice(2).map((text) => JSON.parse(text));
for (const file of preloaded) require(file);
const times = files.map((file) => {
  const startedAt = performance.now();
  require(file);
  return performance.now() - startedAt;
});
process.stdout.write(JSON.stringify(times));
